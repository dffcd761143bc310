// Sizes that are proven, not proven, and known to fail, through every method: which are taken, and what is said of the others.
using Acme.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

// time: 2, 4, 12 and 24 proven, in multiples of 2; 6 and 26 are known to fail.
using Bounded bounded = Bounded.Load();
using Bounded open = Bounded.Load(new BoundedOptions { AllowUnprovenSizes = true });
Console.WriteLine("proven " + string.Join(" ", new[] { 2, 4, 8, 24 }.Select(time => bounded.Run(Series(time)).Time)));
Console.WriteLine("batch " + bounded.Run(Enumerable.Repeat(Series(4), 1000).ToArray()).Length + " " + bounded.CreateBuffers(1000, 4).Batch);
Failures.Print("array", () => bounded.Run(Series(26)));
Failures.Print("span", () => bounded.Run(Series(26).AsSpan()));
Failures.Print("list", () => bounded.Run([Series(4), Series(26)]));
Failures.Print("async", () => bounded.RunAsync(Series(26)));
Failures.Print("buffers", () => bounded.CreateBuffers(1, 26));
Failures.Print("fails within", () => bounded.Run(Series(6)));
Failures.Print("long", () => bounded.Run(Series(28)));
Failures.Print("short", () => bounded.Run(Series(1)));
Failures.Print("off", () => bounded.Run(Series(5)));
Failures.Print("long span", () => bounded.Run(Series(28).AsSpan()));
Failures.Print("long in list", () => bounded.Run([Series(4), Series(28)]));
Failures.Print("long async", () => bounded.RunAsync(Series(28)));
Failures.Print("long buffers", () => bounded.CreateBuffers(1, 28));
Console.WriteLine("option " + string.Join(" ", new[] { 1, 5, 28 }.Select(time => open.Run(Series(time)).Time)) + " " + open.Run([Series(28), Series(3)])[1].Time
    + " " + (await open.RunAsync(Series(28))).Time + " " + open.CreateBuffers(1, 28).Time);
Failures.Print("option array", () => open.Run(Series(26)));
Failures.Print("option list", () => open.Run([Series(4), Series(26)]));
Failures.Print("option async", () => open.RunAsync(Series(26)));
Failures.Print("option buffers", () => open.CreateBuffers(1, 26));

// height: 4 to 8; width: 2 to 16, without 5.
using Picture picture = Picture.Load();
using Picture openPicture = Picture.Load(new PictureOptions { AllowUnprovenSizes = true });
Console.WriteLine("two axes " + picture.Run(new byte[4 * 16 * 3], 4, 16).Width + " " + openPicture.Run(new PictureInput(new byte[9 * 2 * 3], 9, 2)).Height);
Failures.Print("height", () => picture.Run(new byte[9 * 2 * 3], 9, 2));
Failures.Print("width", () => picture.Run(new byte[4 * 5 * 3], 4, 5));
Failures.Print("width of buffers", () => picture.CreateBuffers(1, 4, 17));
Failures.Print("row", () => picture.Run(new PictureInput(new byte[9 * 2 * 3], 9, 2)));
Failures.Print("row in list", () => picture.Run([new PictureInput(new byte[4 * 2 * 3], 4, 2), new PictureInput(new byte[9 * 2 * 3], 9, 2)]));
Failures.Print("row async", () => picture.RunAsync(new PictureInput(new byte[9 * 2 * 3], 9, 2)));
Failures.Print("new row", () => new PictureInput(new byte[4 * 5 * 3], 4, 5));

// n: 3 to 8; without a batch.
using Signal signal = Signal.Load();
Console.WriteLine("whole " + signal.Run(new double[8], 1, new[] { "", "" }).N);
Failures.Print("whole", () => signal.Run(new double[9], 1, new[] { "", "" }));

// tokens: 2 to 10, without 7; texts are cut at 10 tokens.
using Reader reader = Reader.Load();
string nine = string.Concat(Enumerable.Repeat("the ", 7)), five = string.Concat(Enumerable.Repeat("the ", 5)), endless = string.Concat(Enumerable.Repeat("the ", 500));
Console.WriteLine("texts " + string.Join(" ", reader.Run(["", nine, endless]).Select(answer => answer.Count)) + " " + (await reader.RunAsync(endless)).Count);
Failures.Print("text", () => reader.Run(five));
Failures.Print("text in list", () => reader.Run(["the", five]));
Failures.Print("text async", () => reader.RunAsync(five));
Failures.Print("tokens", () => reader.Run(new long[11], new long[11], new long[11]));

var services = new ServiceCollection();
services.AddLogging();
services.AddBounded().AddPicture().AddSignal().AddReader();
await using ServiceProvider provider = services.BuildServiceProvider();
HealthReport report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync();
Console.WriteLine("health " + string.Join(" ", report.Entries.OrderBy(entry => entry.Key).Select(entry => $"{entry.Key}:{entry.Value.Status}")));

static float[] Series(int time) => new float[3 * time];
