// Replays the golden rows through every method of the client, from several threads at once, and then the test split through one of
// them, part by part; writes what the model answers.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using TheNamespace;

string golden = args[0], answers = args[1], testSplit = args[3];
int threads = int.Parse(args[2]);
using TheModel model = TheModel.Load();
List<Case> cases = Case.Read(golden).ToList();
//% if replay.texts
Texts texts = Texts.Read(golden);
//% endif
var failures = new List<Exception>();
var workers = Enumerable.Range(0, threads).Select(thread => new Thread(() =>
{
    try
    {
        foreach (Case one in cases)
        {
            Answers.Of(one.Rows.Select(row => model.Run($ replay.row_arguments $))).Write(answers, "row", thread, one.Name);
//% if "batch" in replay.layout.methods
            Answers.Of(model.Run(one.Rows)).Write(answers, "batch", thread, one.Name);
//% endif
//% if "whole" in replay.layout.methods
            Answers.Of(model.Run($ replay.whole_arguments $, one.Rows.Length)).Write(answers, "whole", thread, one.Name);
//% endif
//% if "async" in replay.layout.methods
            Answers.Of(Task.WhenAll(one.Rows.Select(row => model.RunAsync($ replay.row_arguments $))).GetAwaiter().GetResult()).Write(answers, "async", thread, one.Name);
//% endif
//% if "buffers" in replay.layout.methods
            using TheModelBuffers buffers = model.CreateBuffers(one.Rows.Length$ replay.size_arguments $);
            for (int run = 0; run < 2; run++) // the second run finds the first one's values in the memory
            {
//% for input in replay.layout.inputs
                one.Input$ loop.index0 $.CopyTo(buffers.$ input.member $);
//% endfor
                buffers.Run();
            }

            Answers.Of(buffers).Write(answers, "buffers", thread, one.Name);
//% endif
        }
//% if "ragged" in replay.layout.methods

        // The first row of every case, then the second of every one that has it: rows of different sizes beside each other.
        var mixed = cases.SelectMany(one => one.Rows.Select((row, place) => (one, row, place))).OrderBy(entry => entry.place).ToArray();
        TheModelOutput[] outputs = model.Run(mixed.Select(entry => entry.row).ToArray());
        foreach (Case one in cases)
        {
            Answers.Of(outputs.Where((_, place) => mixed[place].one == one)).Write(answers, "ragged", thread, one.Name);
        }
//% endif
//% if replay.texts

        texts.Replay(model, thread, threads);
//% endif
    }
    catch (Exception error)
    {
        lock (failures)
        {
            failures.Add(error);
        }
    }
})).ToArray();
Array.ForEach(workers, worker => worker.Start());
Array.ForEach(workers, worker => worker.Join());
if (failures.Count > 0)
{
    Console.Error.WriteLine("error: " + failures[0].Message);
    return 1;
}

//% if replay.texts
texts.Write(answers, model);
//% endif
foreach (Case part in Case.Read(testSplit))
{
//% if replay.layout.bulk_method == "buffers"
    using TheModelBuffers buffers = model.CreateBuffers(part.Rows.Length$ replay.part_size_arguments $);
//% for input in replay.layout.inputs
    part.Input$ loop.index0 $.CopyTo(buffers.$ input.member $);
//% endfor
    buffers.Run();
    Answers.Of(buffers).Write(answers, "test", 0, part.Name);
//% elif replay.layout.bulk_method == "batch"
    Answers.Of(model.Run(part.Rows)).Write(answers, "test", 0, part.Name);
//% else
    Answers.Of(part.Rows.Select(row => model.Run($ replay.row_arguments $)), stacked: true).Write(answers, "test", 0, part.Name);
//% endif
}

File.WriteAllText(Path.Combine(answers, "runtime.json"), JsonSerializer.Serialize(new Dictionary<string, string>
{
    ["runtime"] = RuntimeInformation.FrameworkDescription,
    ["onnxruntime"] = Microsoft.ML.OnnxRuntime.OrtEnv.Instance().GetVersionString(),
}));
return 0;

//% if replay.texts
/// <summary>The golden texts, each asked alone and with others; the threads share them.</summary>
sealed record Texts(string[] All, long[][] Tokens, TheModelOutput[] Alone, TheModelOutput[] Gathered)
{
    public static Texts Read(string folder)
    {
        using JsonDocument list = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "texts.json")));
        string[] all = list.RootElement.EnumerateArray().Select(entry => entry.GetProperty("text").GetString()!).ToArray();
        return new Texts(all, new long[all.Length][], new TheModelOutput[all.Length], new TheModelOutput[all.Length]);
    }

    public void Replay(TheModel model, int thread, int threads)
    {
        int[] mine = Enumerable.Range(0, All.Length).Where(i => i % threads == thread).ToArray();
        foreach (int i in mine)
        {
            Tokens[i] = model.Tokenize(All[i]);
            Alone[i] = model.Run(All[i]);
        }

        TheModelOutput[] gathered = Task.WhenAll(mine.Select(i => model.RunAsync(All[i]))).GetAwaiter().GetResult();
        for (int i = 0; i < mine.Length; i++)
        {
            Gathered[mine[i]] = gathered[i];
        }
    }

    public void Write(string folder, TheModel model)
    {
        Write(folder, "text.tokens.bin", Tokens);
        foreach ((string way, TheModelOutput[] outputs) in new[] { ("text", Alone), ("texts", model.Run(All)), ("text-async", Gathered) })
        {
//% for output in replay.layout.outputs
            Write(folder, way + ".$ loop.index0 $.bin", outputs.Select(row => $ "new[] { row.%s }" % output.member if output.scalar else "row.%s" % output.member $));
//% endfor
        }
    }

    /// <summary>Rows of values, each behind their number.</summary>
    private static void Write<T>(string folder, string name, IEnumerable<T[]> rows) where T : struct
    {
        using FileStream file = File.Create(Path.Combine(folder, name));
        foreach (T[] row in rows)
        {
            file.Write(BitConverter.GetBytes(row.Length));
            file.Write(MemoryMarshal.AsBytes<T>(row));
        }
    }
}

//% endif
/// <summary>One golden case: its inputs, whole and by row.</summary>
sealed record Case(string Name, $ replay.row $[] Rows, int[] Sizes$ replay.input_fields $)
{
    /// <summary>The cases of a folder, each read when it is asked for.</summary>
    public static IEnumerable<Case> Read(string folder)
    {
        using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "golden.json")));
        foreach (JsonElement entry in index.RootElement.EnumerateArray())
        {
            yield return Read(folder, entry);
        }
    }

    private static Case Read(string folder, JsonElement entry)
    {
        int batch = entry.GetProperty("batch").GetInt32();
//% for input in replay.layout.inputs
        byte[] bytes$ loop.index0 $ = File.ReadAllBytes(Path.Combine(folder, entry.GetProperty("inputs")[$ loop.index0 $].GetProperty("file").GetString()!));
        $ input.type $[] input$ loop.index0 $ = $ "Texts(bytes%s)" % loop.index0 if input.text else "MemoryMarshal.Cast<byte, %s>(bytes%s).ToArray()" % (input.type, loop.index0) $;
//% endfor
        $ replay.row $[] rows = Enumerable.Range(0, batch).Select(i => $ replay.row_from_inputs $).ToArray();
        return new Case(entry.GetProperty("id").GetString()!, rows, new int[] { $ replay.sizes $ }$ replay.input_values $);
    }

    private static T[] Slice<T>(T[] values, int row, int rows)
    {
        int length = values.Length / rows;
        return values.AsSpan(row * length, length).ToArray();
    }

    private static int Size(JsonElement entry, int input, int axis)
    {
        return entry.GetProperty("inputs")[input].GetProperty("shape")[axis].GetInt32();
    }

    /// <summary>Each text is the number of its UTF-8 bytes, and those.</summary>
    private static string[] Texts(byte[] bytes)
    {
        var texts = new List<string>();
        for (int start = 0; start < bytes.Length;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(start));
            texts.Add(Encoding.UTF8.GetString(bytes, start + 4, length));
            start += 4 + length;
        }

        return texts.ToArray();
    }
}

/// <summary>What the model answered to some rows, output by output.</summary>
sealed record Answers($ replay.output_fields $, string[] Shapes)
{
    /// <param name="rows">What the model answered, row by row.</param>
    /// <param name="stacked">Whether the shapes begin with the number of rows.</param>
    public static Answers Of(IEnumerable<TheModelOutput> rows, bool stacked = $ "true" if replay.layout.batched else "false" $)
    {
        TheModelOutput[] all = rows.ToArray();
        return new Answers($ replay.outputs_from_rows $, [$ replay.shapes_from_rows if replay.shapes $]);
    }

//% if "buffers" in replay.layout.methods
    public static Answers Of(TheModelBuffers buffers)
    {
        return new Answers($ replay.outputs_from_buffers $, [$ replay.shapes_from_buffers if replay.shapes $]);
    }

//% endif
    public void Write(string folder, string way, int thread, string name)
    {
//% for output in replay.layout.outputs
        File.WriteAllBytes(Path.Combine(folder, $ "$" $"{way}.{thread}.{name}.$ loop.index0 $.bin"), $ "Bytes(Output%s)" % loop.index0 if output.text else "MemoryMarshal.AsBytes<%s>(Output%s).ToArray()" % (output.type, loop.index0) $);
//% if replay.shapes
        File.WriteAllText(Path.Combine(folder, $ "$" $"{way}.{thread}.{name}.$ loop.index0 $.shape"), Shapes[$ loop.index0 $]);
//% endif
//% endfor
    }
//% if replay.shapes

    /// <summary>Of all rows together, or of the only call; -1 where rows differ.</summary>
    private static string Shape(IEnumerable<string> rows, bool stacked)
    {
        string[] all = rows.ToArray();
        return !stacked ? all[0] : all.Distinct().Count() == 1 ? all.Length + " " + all[0] : "-1";
    }
//% endif

    private static byte[] Bytes(string[] texts)
    {
        var written = new MemoryStream();
        foreach (byte[] text in texts.Select(Encoding.UTF8.GetBytes))
        {
            written.Write(BitConverter.GetBytes(text.Length));
            written.Write(text);
        }

        return written.ToArray();
    }
}
