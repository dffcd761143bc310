using System.Diagnostics;
using System.Text.Json;
using Torch2DotNet.Benchmarks;

// A line of JSON in, a line of JSON out, so that run.py measures tokenizers in turns, those of other languages too:
// {"texts": [...]} is what follows is about; {"tokenizer": ..., "limit": ...} answers with the tokens of each text, and with
// "passes" over all texts added with nanoseconds and bytes allocated; {"lengths": [...], "passes": ...} measures arrays alone.
string folder = args[0];
string[] texts = [];
Dictionary<(string, int), TextTokenizer> loaded = [];
while (Console.ReadLine() is string line)
{
    JsonElement request = JsonDocument.Parse(line).RootElement;
    object answer;
    if (request.TryGetProperty("texts", out JsonElement given))
    {
        texts = [.. given.EnumerateArray().Select(text => text.GetString()!)];
        answer = texts.Length;
    }
    else if (request.TryGetProperty("lengths", out JsonElement lengths))
    {
        answer = MeasureArrays([.. lengths.EnumerateArray().Select(length => length.GetInt32())], request.GetProperty("passes").GetInt32());
    }
    else
    {
        (string Name, int Limit) key = (request.GetProperty("tokenizer").GetString()!, request.GetProperty("limit").GetInt32());
        if (!loaded.TryGetValue(key, out TextTokenizer? tokenizer))
        {
            tokenizer = loaded[key] = TextTokenizer.Load(key.Name, folder, key.Limit);
        }

        answer = request.TryGetProperty("passes", out JsonElement passes)
            ? Measure(tokenizer, passes.GetInt32())
            : texts.Select(text => tokenizer.Tokens(text).ToArray()).ToArray();
    }

    Console.WriteLine(JsonSerializer.Serialize(answer));
}

long[] Measure(TextTokenizer tokenizer, int passes)
{
    long allocated = GC.GetAllocatedBytesForCurrentThread();
    long start = Stopwatch.GetTimestamp();
    for (int pass = 0; pass < passes; pass++)
    {
        foreach (string text in texts)
        {
            tokenizer.Encode(text);
        }
    }

    return [(long)Stopwatch.GetElapsedTime(start).TotalNanoseconds, GC.GetAllocatedBytesForCurrentThread() - allocated];
}

// What it costs to answer with an array of one's own: to make each, and to fill it.
long[] MeasureArrays(int[] lengths, int passes)
{
    long[] source = new long[lengths.Max()];
    long allocated = GC.GetAllocatedBytesForCurrentThread();
    long start = Stopwatch.GetTimestamp();
    for (int pass = 0; pass < passes; pass++)
    {
        foreach (int length in lengths)
        {
            source.AsSpan(0, length).CopyTo(new long[length]);
        }
    }

    return [(long)Stopwatch.GetElapsedTime(start).TotalNanoseconds, GC.GetAllocatedBytesForCurrentThread() - allocated];
}
