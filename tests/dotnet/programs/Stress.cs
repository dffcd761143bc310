// Many callers, random cancellations, every answer checked against Run; then the ends: disposal, a full queue, a failing run.
using Acme.Models;

var random = new Random(1);
float[][] rows = Enumerable.Range(0, 64).Select(_ => Enumerable.Range(0, 4).Select(_ => random.NextSingle() * 16).ToArray()).ToArray();
using Tiny reference = Tiny.Load();
TinyOutput[] expected = rows.Select(row => reference.Run(row)).ToArray();

foreach ((int concurrency, int batch, int delay) in new[] { (1, 32, 0), (2, 3, 0), (4, 32, 0), (1, 8, 1), (2, 1, 1) })
{
    using Tiny model = Tiny.Load(new TinyOptions { IntraOpNumThreads = 1, MaxConcurrency = concurrency, MaxBatchSize = batch, MaxDelay = TimeSpan.FromMilliseconds(delay), MaxQueue = 8 });
    int answered = 0, canceled = 0, wrong = 0;
    async Task Caller(int seed)
    {
        var mine = new Random(seed);
        for (int i = 0; i < (delay == 0 ? 400 : 60); i++)
        {
            int pick = mine.Next(rows.Length);
            using var source = new CancellationTokenSource();
            bool cancel = mine.Next(3) == 0;
            Task<TinyOutput> task = model.RunAsync(rows[pick], cancel ? source.Token : default);
            if (cancel) source.Cancel();
            try
            {
                TinyOutput output = await task;
                if (output.Label != expected[pick].Label || output.Probabilities.Zip(expected[pick].Probabilities).Any(pair => Math.Abs(pair.First - pair.Second) > 1e-5f)) Interlocked.Increment(ref wrong);
                Interlocked.Increment(ref answered);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref canceled);
            }
        }
    }

    Task all = Task.WhenAll(Enumerable.Range(0, 32).Select(seed => Task.Run(() => Caller(seed))));
    if (await Task.WhenAny(all, Task.Delay(60_000)) != all) throw new TimeoutException("a row was forgotten");
    await all;
    Console.WriteLine($"concurrency {concurrency} batch {batch} delay {delay}: wrong {wrong}, missing {32 * (delay == 0 ? 400 : 60) - answered - canceled}");
    if (answered == 0) throw new InvalidOperationException("no answer at all");
}

// A row that waits is canceled, refused, or ended by a disposal.
Tiny slow = Tiny.Load(new TinyOptions { MaxDelay = TimeSpan.FromSeconds(30), MaxQueue = 2, RejectWhenFull = true });
using var one = new CancellationTokenSource();
Task<TinyOutput> first = slow.RunAsync(rows[0], one.Token);
Task<TinyOutput> second = slow.RunAsync(rows[1]);
await Ends("full", slow.RunAsync(rows[2]));
one.Cancel();
await Ends("canceled", first);
await Ends("canceled before", slow.RunAsync(rows[0], new CancellationToken(true)));
slow.Dispose();
await Ends("disposed", second);

// A delay ends by itself, and early when a batch is full.
using (Tiny delayed = Tiny.Load(new TinyOptions { MaxDelay = TimeSpan.FromMilliseconds(20) }))
{
    Console.WriteLine("delay ends: " + ((await delayed.RunAsync(rows[0])).Label == expected[0].Label));
}

using (Tiny full = Tiny.Load(new TinyOptions { MaxDelay = TimeSpan.FromSeconds(30), MaxBatchSize = 4 }))
{
    TinyOutput[] four = await Task.WhenAll(rows.Take(4).Select(row => full.RunAsync(row))).WaitAsync(TimeSpan.FromSeconds(20));
    Console.WriteLine("full batch runs: " + four.Select(output => output.Label).SequenceEqual(expected.Take(4).Select(output => output.Label)));
}

// A run that fails reaches every row in it, and the next run is well.
using (Mixed mixed = Mixed.Load(new MixedOptions { MaxDelay = TimeSpan.FromSeconds(30), MaxBatchSize = 2 }))
{
    Task<MixedOutput> good = Lookup(mixed, 1), bad = Lookup(mixed, 99);
    await Ends("good row of a bad batch", good);
    await Ends("bad row", bad);
    Console.WriteLine("after: " + (await Task.WhenAll(Lookup(mixed, 1), Lookup(mixed, 2)))[1].Score.ToString(System.Globalization.CultureInfo.InvariantCulture));
}

// Disposal while runs are in progress: every call ends, with an answer or with ObjectDisposedException.
for (int round = 0; round < 20; round++)
{
    Tiny model = Tiny.Load(new TinyOptions { IntraOpNumThreads = 1 });
    Task[] callers = Enumerable.Range(0, 8).Select(i => Task.Run(async () =>
    {
        try
        {
            while (true)
            {
                model.Run(rows[i]);
                await model.RunAsync(rows[i]);
                using TinyBuffers buffers = model.CreateBuffers(2);
                buffers.Run();
                model.Run(rows);
            }
        }
        catch (ObjectDisposedException)
        {
        }
    })).ToArray();
    await Task.Delay(10);
    model.Dispose();
    await Task.WhenAll(callers).WaitAsync(TimeSpan.FromSeconds(20));
}

Console.WriteLine("disposed under load");

static Task<MixedOutput> Lookup(Mixed model, long row) => model.RunAsync(row, [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [false, false]);

static async Task Ends(string what, Task task)
{
    try
    {
        await task;
        Console.WriteLine(what + ": well");
    }
    catch (Exception error)
    {
        Console.WriteLine(what + ": " + error.GetType().Name);
    }
}
