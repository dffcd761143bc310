// Ragged clients: order and sizes of outputs, rejected input, hostile text, micro-batching under load, and health checks.
using Acme.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

if (args is ["serve"])
{
    await WebRows.ServeAsync();
    return;
}

System.Globalization.CultureInfo.CurrentCulture = System.Globalization.CultureInfo.InvariantCulture;

using Series series = Series.Load(new SeriesOptions { MaxBatchSize = 3 });
float[][] rows = Enumerable.Range(0, 40).Select(i => Enumerable.Repeat((float)i, 3 * (1 + (i * 7 % 5))).ToArray()).ToArray();
SeriesOutput[] answers = series.Run(rows);
Console.WriteLine("ragged " + answers.Select((answer, i) => answer.Time == 1 + (i * 7 % 5) && answer.Twice.Length == rows[i].Length && answer.Twice.All(value => value == 2 * i) && answer.Total.All(value => value == i * answer.Time)).All(right => right));
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
ImageOutput[] mixed = image.Run([new ImageInput(new byte[30], 2, 5), new ImageInput(new byte[30], 5, 2), new ImageInput(new byte[30], 2, 5)]);
Console.WriteLine("mixed " + string.Join(" ", mixed.Select(answer => answer.Height + "x" + answer.Width)));

using Best best = Best.Load();
BestOutput none = best.Run([1f]), some = best.Run([1f, 5f, 3f, 4f]);
Console.WriteLine($"best {none.Kept} {none.Place.Length} {some.Kept} {some.BestValue[0]} {some.BestValue[1]} {some.Place[0]}");

using Tokens tokens = Tokens.Load();
Console.WriteLine("tokens " + string.Join("|", tokens.Run("a bb c").TokensValue) + " " + string.Join(" ", tokens.Run(["x", "x y z"]).Select(answer => answer.Count + "/" + answer.Words)));

using Whole whole = Whole.Load();
WholeOutput all = whole.Run([1.0, -2.0, 3.0], 2.0, ["a", "\0"]);
Console.WriteLine($"whole {all.Total} {string.Join(",", all.Louder)} {all.NameAgain[1].Length} {all.N} {string.Join(",", all.Positive)}");
using Halves halves = Halves.Load(new HalvesOptions { ValidateInputs = true });
Console.WriteLine("halves " + string.Join(",", halves.Run([(Half)1.5f, (Half)2, (Half)(-1)], (Half)0.25f).Sum) + " " + halves.Run([Half.Zero, Half.One, Half.Zero], Half.One).Same);
Console.WriteLine("without " + string.Join(" ", new[] { typeof(Texts), typeof(Best), typeof(Whole) }.Select(type => type.GetMethod("CreateBuffers") == null)));

using Texts texts = Texts.Load();
using Pair pair = Pair.Load();
using Series careful = Series.Load(new SeriesOptions { ValidateInputs = true });
Failures.Print("length", () => series.Run(new float[4]));
Failures.Print("nothing", () => series.Run(Array.Empty<float>()));
Failures.Print("null", () => series.Run((float[])null!));
Failures.Print("fourth row", () => series.Run([rows[0], rows[1], rows[2], new float[5]]));
Failures.Print("range", () => careful.Run([0, 99f, 0]));
Failures.Print("not a number", () => careful.Run([rows[0], [0, float.NaN, 0]]));
Failures.Print("half", () => halves.Run([(Half)5, Half.Zero, Half.Zero], Half.Zero));
Failures.Print("sizes", () => image.Run(new byte[30], 2, 4));
Failures.Print("no height", () => image.Run(new byte[30], 0, 4));
Failures.Print("overflow", () => image.Run(new byte[30], int.MaxValue, int.MaxValue));
Failures.Print("null row", () => image.Run([null!]));
Failures.Print("shared", () => pair.Run(1, [true, false, true], [Half.One, Half.One]));
Failures.Print("null text", () => texts.Run(null!, ["a", "b", "c"]));
Failures.Print("null word", () => texts.Run("a", ["a", "b", null!]));
Failures.Print("two words", () => texts.Run("a", ["a", "b"]));
Failures.Print("half a pair", () => tokens.Run("ok \ud83d"));
Failures.Print("second text", () => tokens.Run(["ok", null!]));
Failures.Print("no batch", () => series.CreateBuffers(0, 1));
Failures.Print("no time", () => series.CreateBuffers(1, 0));
TextsOutput hostile = texts.Run("\0a\0", ["\0", "", "🎉"]);
Console.WriteLine("hostile " + (hostile.Same == "\0a\0" && hostile.Joined.SequenceEqual(["\0a\0\0", "\0a\0", "\0a\0🎉"])));

foreach ((int concurrency, int batch, int delay) in new[] { (1, 32, 0), (2, 3, 0), (4, 32, 0), (1, 8, 1), (2, 1, 1) })
{
    using Series busy = Series.Load(new SeriesOptions { IntraOpNumThreads = 1, MaxConcurrency = concurrency, MaxBatchSize = batch, MaxDelay = TimeSpan.FromMilliseconds(delay), MaxQueue = 8 });
    string summary = await Callers.RunAsync(rows.Length, delay == 0 ? 300 : 40, (row, cancel) => busy.RunAsync(rows[row], cancel), (output, row) =>
        output.Time * 3 == rows[row].Length && output.Twice.All(value => value == 2 * row));
    Console.WriteLine($"concurrency {concurrency} batch {batch} delay {delay}: {summary}");
}

// Rows of three sizes are delayed: when a batch is full they run, each size by itself.
using (Series waits = Series.Load(new SeriesOptions { MaxDelay = TimeSpan.FromMilliseconds(200), MaxBatchSize = 6, MaxConcurrency = 1 }))
{
    SeriesOutput[] six = await Task.WhenAll(Enumerable.Range(0, 7).Select(i => waits.RunAsync(new float[3 * (1 + (i % 3))]))).WaitAsync(TimeSpan.FromSeconds(20));
    Console.WriteLine("sizes " + string.Join(" ", six.Select(answer => answer.Time)));
}

var services = new ServiceCollection();
services.AddLogging();
services.AddTexts().AddTokens().AddHalves().AddSeries().AddPair().AddImage().AddBest().AddWindow().AddMany().AddWhole();
await using ServiceProvider provider = services.BuildServiceProvider();
int exceptions = 0;
AppDomain.CurrentDomain.FirstChanceException += (_, _) => Interlocked.Increment(ref exceptions);
HealthReport report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync();
Console.WriteLine("health " + string.Join(" ", report.Entries.OrderBy(entry => entry.Key).Select(entry => $"{entry.Key}:{entry.Value.Status}")));
Console.WriteLine("health exceptions " + exceptions);
