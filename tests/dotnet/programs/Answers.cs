// Prints the client's outputs for the rows in the file that is its argument; the test compares them.
using System.Globalization;
using Acme.Models;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
float[][] rows = File.ReadAllLines(args[0]).Select(line => line.Split(' ').Select(float.Parse).ToArray()).ToArray();

using Tiny model = Tiny.Load(new TinyOptions { IntraOpNumThreads = 1, MaxBatchSize = 4 });
using Tiny fromPath = Tiny.Load(Path.Combine(AppContext.BaseDirectory, Tiny.ModelFile));
using Tiny fromBytes = Tiny.Load(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, Tiny.ModelFile)));
using FileStream stream = File.OpenRead(Path.Combine(AppContext.BaseDirectory, Tiny.ModelFile));
using Tiny fromStream = Tiny.Load(stream);

foreach (TinyOutput output in model.Run(rows)) Print("rows", output);
foreach (float[] row in rows)
{
    Print("array", model.Run(row));
    Print("span", fromPath.Run(row.AsSpan()));
    Print("async", await fromBytes.RunAsync(row));
    Print("stream", fromStream.Run(row));
}

Console.WriteLine("empty " + model.Run(Array.Empty<float[]>()).Length);

using (TinyBuffers buffers = model.CreateBuffers(rows.Length))
{
    rows.SelectMany(row => row).ToArray().CopyTo(buffers.Pixels);
    buffers.Run();
    for (int i = 0; i < rows.Length; i++)
    {
        Console.WriteLine("buffers " + buffers.Label[i] + " - " + string.Join(" ", buffers.Probabilities.Slice(3 * i, 3).ToArray()));
    }

    long before = GC.GetAllocatedBytesForCurrentThread();
    for (int i = 0; i < 10_000; i++) buffers.Run();
    Console.WriteLine("allocated " + (GC.GetAllocatedBytesForCurrentThread() - before));
}

using Mixed mixed = Mixed.Load();
MixedOutput one = mixed.Run(3, [1.5f, -2f], [1e300, 2], [-128, 127], [-32768, 3], [int.MinValue, 4], [long.MinValue, 5], [255, 6], [65535, 7], [uint.MaxValue, 8], [ulong.MaxValue, 9], [true, false]);
Console.WriteLine(FormattableString.Invariant($"mixed {one.Score} {string.Join(",", one.OutFloat32)} {string.Join(",", one.OutFloat64)} {string.Join(",", one.OutInt8)} {string.Join(",", one.OutInt16)} {string.Join(",", one.OutInt32)} {string.Join(",", one.OutInt64)} {string.Join(",", one.OutUint8)} {string.Join(",", one.OutUint16)} {string.Join(",", one.OutUint32)} {string.Join(",", one.OutUint64)} {string.Join(",", one.OutBool)}"));
MixedInput[] several = Enumerable.Range(0, 4).Select(i => new MixedInput(i, [i, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, i], [0, 0], [0, 0], [0, 0], [0, 0], [false, i % 2 == 1])).ToArray();
Console.WriteLine("several " + string.Join(" ", mixed.Run(several).Select(output => FormattableString.Invariant($"{output.Score}/{output.OutFloat32[0]}/{output.OutInt64[1]}/{output.OutBool[1]}"))));

// Two rows that one run gathers: the table has no class 99.
using (Mixed gathered = Mixed.Load(new MixedOptions { MaxDelay = TimeSpan.FromSeconds(30), MaxBatchSize = 2 }))
{
    Task<MixedOutput> good = Lookup(gathered, 1), bad = Lookup(gathered, 99);
    await Task.WhenAny(Task.WhenAll(good, bad));
    Console.WriteLine(FormattableString.Invariant($"in one batch: {(await good).Score} {bad.Exception!.InnerException!.GetType().Name}"));
}

using Scalar scalar = Scalar.Load(new ScalarOptions { ValidateInputs = true });
Console.WriteLine(FormattableString.Invariant($"scalar {scalar.Run(0.5f).Y} {(await scalar.RunAsync(1)).Y} {scalar.Run([2f])[0].Y}"));
Failures.Print("too small", () => scalar.Run([1f, 0f]));

Failures.Print("length", () => model.Run(new float[3]));
Failures.Print("null", () => model.Run((float[])null!));
Failures.Print("second row", () => model.Run(new[] { rows[0], new float[2] }));
Failures.Print("no file", () => Tiny.Load("/nowhere/tiny.onnx"));
Failures.Print("other bytes", () => Tiny.Load(new byte[3]));
Failures.Print("other stream", () => Tiny.Load(new MemoryStream(new byte[3])));
Failures.Print("too old", () => Future.Load());
Failures.Print("option", () => Tiny.Load(new TinyOptions { MaxBatchSize = 0 }));
Failures.Print("no batch", () => model.CreateBuffers(0));
Failures.Print("no such class", () => mixed.Run(several.Append(new MixedInput(99, [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [false, false])).ToArray()));
using (Tiny careful = Tiny.Load(new TinyOptions { ValidateInputs = true }))
{
    Failures.Print("not a number", () => careful.Run([0, 0, float.NaN, 0]));
    Failures.Print("out of range", () => careful.Run([0, 16.5f, 0, 0]));
}

using (TinyBuffers left = model.CreateBuffers())
{
    model.Dispose();
    Failures.Print("buffers of a disposed model", left.Run);
}

Failures.Print("disposed", () => model.Run(rows[0]));

static Task<MixedOutput> Lookup(Mixed mixed, long row) => mixed.RunAsync(row, [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [false, false]);

static void Print(string method, TinyOutput output) => Console.WriteLine(method + " " + output.Label + " " + output.LabelName.Replace(' ', '_') + " " + string.Join(" ", output.Probabilities));
