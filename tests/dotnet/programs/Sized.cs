// Clients whose rows vary: order and sizes of answers, refusals, hostile text, and the batcher under load.
using Acme.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

System.Globalization.CultureInfo.CurrentCulture = System.Globalization.CultureInfo.InvariantCulture;

using Series series = Series.Load(new SeriesOptions { MaxBatchSize = 3 });
float[][] rows = Enumerable.Range(0, 40).Select(i => Enumerable.Repeat((float)i, 3 * (1 + (i * 7 % 5))).ToArray()).ToArray();
SeriesOutput[] answers = series.Run(rows);
Console.WriteLine("jagged " + answers.Select((answer, i) => answer.Time == 1 + (i * 7 % 5) && answer.Twice.Length == rows[i].Length && answer.Twice.All(value => value == 2 * i) && answer.Total.All(value => value == i * answer.Time)).All(well => well));
Console.WriteLine("span " + series.Run(rows[3].AsSpan()).Total[0] + " empty " + series.Run(Array.Empty<float[]>()).Length);
using (SeriesBuffers bound = series.CreateBuffers(2, 4))
{
    bound.X.Fill(1.5f);
    bound.Run();
    Console.WriteLine($"bound {bound.Batch} {bound.Time} {bound.X.Length} {bound.Twice.Length} {bound.Total[5]}");
    long before = GC.GetAllocatedBytesForCurrentThread();
    for (int i = 0; i < 1000; i++) bound.Run();
    Console.WriteLine("allocated " + (GC.GetAllocatedBytesForCurrentThread() - before));
}

using Image image = Image.Load();
ImageOutput grey = image.Run(new byte[2 * 5 * 3], 2, 5);
Console.WriteLine($"image {grey.Height} {grey.Width} {grey.Grey.Length} {grey.Mean.Length}");
ImageOutput[] turned = image.Run([new ImageInput(new byte[30], 2, 5), new ImageInput(new byte[30], 5, 2), new ImageInput(new byte[30], 2, 5)]);
Console.WriteLine("turned " + string.Join(" ", turned.Select(answer => answer.Height + "x" + answer.Width)));

using Best best = Best.Load();
BestOutput none = best.Run([1f]), some = best.Run([1f, 5f, 3f, 4f]);
Console.WriteLine($"best {none.Found} {none.Place.Length} {some.Found} {some.Best[0]} {some.Best[1]} {some.Place[0]}");

using Tokens tokens = Tokens.Load();
Console.WriteLine("tokens " + string.Join("|", tokens.Run("a bb c").Tokens) + " " + string.Join(" ", tokens.Run(["x", "x y z"]).Select(answer => answer.Count + "/" + answer.Words)));

using Whole whole = Whole.Load();
WholeOutput all = whole.Run([1.0, -2.0, 3.0], 2.0, ["a", "\0"]);
Console.WriteLine($"whole {all.Total} {string.Join(",", all.Louder)} {all.NameAgain[1].Length} {all.N} {string.Join(",", all.Positive)}");
using Halves halves = Halves.Load(new HalvesOptions { ValidateInputs = true });
Console.WriteLine("halves " + string.Join(",", halves.Run([(Half)1.5f, (Half)2, (Half)(-1)], (Half)0.25f).Sum) + " " + halves.Run([Half.Zero, Half.One, Half.Zero], Half.One).Same);
Console.WriteLine("without " + string.Join(" ", new[] { typeof(Texts), typeof(Best), typeof(Whole) }.Select(type => type.GetMethod("CreateBuffers") == null)) + " " + (typeof(Whole).GetMethod("RunAsync") == null));

using Texts texts = Texts.Load();
using Pair pair = Pair.Load();
using Series careful = Series.Load(new SeriesOptions { ValidateInputs = true });
Throws("length", () => series.Run(new float[4]));
Throws("nothing", () => series.Run(Array.Empty<float>()));
Throws("null", () => series.Run((float[])null!));
Throws("fourth row", () => series.Run([rows[0], rows[1], rows[2], new float[5]]));
Throws("range", () => careful.Run([0, 99f, 0]));
Throws("not a number", () => careful.Run([rows[0], [0, float.NaN, 0]]));
Throws("half", () => halves.Run([(Half)5, Half.Zero, Half.Zero], Half.Zero));
Throws("sizes", () => image.Run(new byte[30], 2, 4));
Throws("no height", () => image.Run(new byte[30], 0, 4));
Throws("overflow", () => image.Run(new byte[30], int.MaxValue, int.MaxValue));
Throws("null row", () => image.Run([null!]));
Throws("shared", () => pair.Run(1, [true, false, true], [Half.One, Half.One]));
Throws("null text", () => texts.Run(null!, ["a", "b", "c"]));
Throws("null word", () => texts.Run("a", ["a", "b", null!]));
Throws("two words", () => texts.Run("a", ["a", "b"]));
Throws("half a pair", () => tokens.Run("ok \ud83d"));
Throws("second text", () => tokens.Run(["ok", null!]));
Throws("no batch", () => series.CreateBuffers(0, 1));
Throws("no time", () => series.CreateBuffers(1, 0));
TextsOutput hostile = texts.Run("\0a\0", ["\0", "", "🎉"]);
Console.WriteLine("hostile " + (hostile.Same == "\0a\0" && hostile.Joined.SequenceEqual(["\0a\0\0", "\0a\0", "\0a\0🎉"])));

foreach ((int concurrency, int batch, int delay) in new[] { (1, 32, 0), (2, 3, 0), (4, 32, 0), (1, 8, 1), (2, 1, 1) })
{
    using Series busy = Series.Load(new SeriesOptions { IntraOpNumThreads = 1, MaxConcurrency = concurrency, MaxBatchSize = batch, MaxDelay = TimeSpan.FromMilliseconds(delay), MaxQueue = 8 });
    int answered = 0, canceled = 0, wrong = 0, each = delay == 0 ? 300 : 40;
    async Task Caller(int seed)
    {
        var mine = new Random(seed);
        for (int i = 0; i < each; i++)
        {
            int pick = mine.Next(rows.Length);
            using var source = new CancellationTokenSource();
            bool cancel = mine.Next(3) == 0;
            Task<SeriesOutput> task = busy.RunAsync(rows[pick], cancel ? source.Token : default);
            if (cancel) source.Cancel();
            try
            {
                SeriesOutput output = await task;
                if (output.Time * 3 != rows[pick].Length || output.Twice.Any(value => value != 2 * pick)) Interlocked.Increment(ref wrong);
                Interlocked.Increment(ref answered);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref canceled);
            }
        }
    }

    Task callers = Task.WhenAll(Enumerable.Range(0, 32).Select(seed => Task.Run(() => Caller(seed))));
    if (await Task.WhenAny(callers, Task.Delay(60_000)) != callers) throw new TimeoutException("a row was forgotten");
    await callers;
    Console.WriteLine($"concurrency {concurrency} batch {batch} delay {delay}: wrong {wrong}, missing {32 * each - answered - canceled}, some {answered > 0}");
}

// Rows of three sizes wait for a delay that does not end: only a full queue makes them run, each size by itself.
using (Series waits = Series.Load(new SeriesOptions { MaxDelay = TimeSpan.FromMilliseconds(200), MaxBatchSize = 6, MaxConcurrency = 1 }))
{
    SeriesOutput[] six = await Task.WhenAll(Enumerable.Range(0, 7).Select(i => waits.RunAsync(new float[3 * (1 + (i % 3))]))).WaitAsync(TimeSpan.FromSeconds(20));
    Console.WriteLine("sizes " + string.Join(" ", six.Select(answer => answer.Time)));
}

var services = new ServiceCollection();
services.AddLogging();
services.AddTexts().AddTokens().AddHalves().AddSeries().AddPair().AddImage().AddBest().AddMany().AddWhole();
await using ServiceProvider provider = services.BuildServiceProvider();
HealthReport report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync();
Console.WriteLine("health " + string.Join(" ", report.Entries.OrderBy(entry => entry.Key).Select(entry => $"{entry.Key}:{entry.Value.Status}")));

static void Throws(string what, Action action)
{
    try
    {
        action();
        Console.WriteLine("throws " + what + ": nothing");
    }
    catch (Exception error)
    {
        Console.WriteLine("throws " + what + ": " + error.GetType().Name + ": " + error.Message.Replace("\n", " "));
    }
}
