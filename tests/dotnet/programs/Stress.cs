// Micro-batching under load: concurrent callers with random cancellations; then a full queue, a failing run, and disposal.
using Acme.Models;

var random = new Random(1);
float[][] rows = Enumerable.Range(0, 64).Select(_ => Enumerable.Range(0, 4).Select(_ => random.NextSingle() * 16).ToArray()).ToArray();
using Tiny reference = Tiny.Load();
TinyOutput[] expected = rows.Select(row => reference.Run(row)).ToArray();

foreach ((int concurrency, int batch, int delay) in new[] { (1, 32, 0), (2, 3, 0), (4, 32, 0), (1, 8, 1), (2, 1, 1) })
{
    using Tiny model = Tiny.Load(new TinyOptions { IntraOpNumThreads = 1, MaxConcurrency = concurrency, MaxBatchSize = batch, MaxDelay = TimeSpan.FromMilliseconds(delay), MaxQueue = 8 });
    string summary = await Callers.RunAsync(rows.Length, delay == 0 ? 400 : 60, (row, cancel) => model.RunAsync(rows[row], cancel), (output, row) =>
        output.Label == expected[row].Label && output.Probabilities.Zip(expected[row].Probabilities).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-5f));
    Console.WriteLine($"concurrency {concurrency} batch {batch} delay {delay}: {summary}");
}

// A queued row is canceled, rejected, or failed by a disposal.
Tiny slow = Tiny.Load(new TinyOptions { MaxDelay = TimeSpan.FromSeconds(30), MaxQueue = 2, RejectWhenFull = true });
using var one = new CancellationTokenSource();
Task<TinyOutput> first = slow.RunAsync(rows[0], one.Token);
Task<TinyOutput> second = slow.RunAsync(rows[1]);
await PrintEnd("full", slow.RunAsync(rows[2]));
one.Cancel();
await PrintEnd("canceled", first);
await PrintEnd("canceled before", slow.RunAsync(rows[0], new CancellationToken(true)));
slow.Dispose();
await PrintEnd("disposed", second);

// A delay ends when its time is up, and earlier when a batch is full.
using (Tiny delayed = Tiny.Load(new TinyOptions { MaxDelay = TimeSpan.FromMilliseconds(20) }))
{
    Console.WriteLine("delay ends: " + ((await delayed.RunAsync(rows[0])).Label == expected[0].Label));
}

using (Tiny full = Tiny.Load(new TinyOptions { MaxDelay = TimeSpan.FromSeconds(30), MaxBatchSize = 4 }))
{
    TinyOutput[] four = await Task.WhenAll(rows.Take(4).Select(row => full.RunAsync(row))).WaitAsync(TimeSpan.FromSeconds(20));
    Console.WriteLine("full batch runs: " + four.Select(output => output.Label).SequenceEqual(expected.Take(4).Select(output => output.Label)));
}

// A row that fails its run fails alone, and the next run succeeds.
using (Mixed mixed = Mixed.Load(new MixedOptions { MaxDelay = TimeSpan.FromSeconds(30), MaxBatchSize = 2 }))
{
    Task<MixedOutput> good = Lookup(mixed, 1), bad = Lookup(mixed, 99);
    await PrintEnd("good row of a bad batch", good);
    await PrintEnd("bad row", bad);
    Console.WriteLine("after: " + (await Task.WhenAll(Lookup(mixed, 1), Lookup(mixed, 2)))[1].Score.ToString(System.Globalization.CultureInfo.InvariantCulture));
}

// Disposal while runs are in progress: every call returns its output or throws ObjectDisposedException.
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

static async Task PrintEnd(string name, Task task)
{
    try
    {
        await task;
        Console.WriteLine(name + ": completed");
    }
    catch (Exception error)
    {
        Console.WriteLine(name + ": " + error.GetType().Name);
    }
}
