// Replays the golden rows through every way in, from several threads at once, and writes what the model answers.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using $ namespace $;

string golden = args[0], answers = args[1];
int threads = int.Parse(args[2]);
using $Class$ model = $Class$.Load();
List<Case> cases = Case.ReadAll(golden);
var failures = new List<Exception>();
var workers = Enumerable.Range(0, threads).Select(thread => new Thread(() =>
{
    try
    {
        foreach (Case one in cases)
        {
            Answers.Of(one.Rows.Select(row => model.Run($ row_arguments $))).Write(answers, "row", thread, one.Name);
            Answers.Of(model.Run(one.Rows)).Write(answers, "batch", thread, one.Name);
            Answers.Of(Task.WhenAll(one.Rows.Select(row => model.RunAsync($ row_arguments $))).GetAwaiter().GetResult()).Write(answers, "async", thread, one.Name);
            using $Class$Buffers buffers = model.CreateBuffers(one.Rows.Length);
            for (int run = 0; run < 2; run++) // the second run finds the first one's values in the memory
            {
//% for input in inputs
                one.$ input.member $.CopyTo(buffers.$ input.member $);
//% endfor
                buffers.Run();
            }

            Answers.Of(buffers).Write(answers, "buffers", thread, one.Name);
        }
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

File.WriteAllText(Path.Combine(answers, "runtime.json"), JsonSerializer.Serialize(new Dictionary<string, string>
{
    ["runtime"] = RuntimeInformation.FrameworkDescription,
    ["onnxruntime"] = Microsoft.ML.OnnxRuntime.OrtEnv.Instance().GetVersionString(),
}));
return 0;

/// <summary>One golden case: its inputs, whole and by row.</summary>
sealed record Case(string Name, $Row$[] Rows$ input_fields $)
{
    public static List<Case> ReadAll(string folder)
    {
        using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "golden.json")));
        return index.RootElement.EnumerateArray().Select(entry => Read(folder, entry)).ToList();
    }

    private static Case Read(string folder, JsonElement entry)
    {
        int batch = entry.GetProperty("batch").GetInt32();
//% for input in inputs
        $ input.type $[] input$ loop.index0 $ = MemoryMarshal.Cast<byte, $ input.type $>(File.ReadAllBytes(Path.Combine(folder, entry.GetProperty("inputs")[$ loop.index0 $].GetProperty("file").GetString()!))).ToArray();
//% endfor
        $Row$[] rows = Enumerable.Range(0, batch).Select(i => $ row_from_inputs $).ToArray();
        return new Case(entry.GetProperty("case").GetString()!, rows$ input_values $);
    }
}

/// <summary>What the model answered to some rows, output by output.</summary>
sealed record Answers($ output_fields $)
{
    public static Answers Of(IEnumerable<$Class$Output> rows)
    {
        $Class$Output[] all = rows.ToArray();
        return new Answers($ outputs_from_rows $);
    }

    public static Answers Of($Class$Buffers buffers)
    {
        return new Answers($ outputs_from_buffers $);
    }

    public void Write(string folder, string way, int thread, string name)
    {
//% for output in outputs
        File.WriteAllBytes(Path.Combine(folder, $ "$" $"{way}.{thread}.{name}.$ loop.index0 $.bin"), MemoryMarshal.AsBytes<$ output.type $>($ output.member $).ToArray());
//% endfor
    }
}
