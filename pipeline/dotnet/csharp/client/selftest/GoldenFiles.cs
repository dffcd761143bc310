#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;

/// <summary>The golden calls of the package, read from its files: golden.json, texts.json, policy.json and the arrays that they name.</summary>
internal sealed class GoldenFiles
{
    private readonly Func<string, byte[]?> _open;

    /// <param name="open">Gives the content of a file by its name; null where there is none.</param>
    internal GoldenFiles(Func<string, byte[]?> open)
    {
        _open = open;
    }

    /// <summary>Whether any golden calls travel.</summary>
    internal bool Exist => _open("golden.json") != null;

    /// <summary>The calls without texts, each read when it is asked for.</summary>
    internal IEnumerable<GoldenCall> ReadCalls()
    {
        using JsonDocument index = JsonDocument.Parse(Read("golden.json"));
        foreach (JsonElement entry in index.RootElement.EnumerateArray())
        {
            yield return new GoldenCall(entry.GetProperty("case").GetString()!, ReadArrays(entry.GetProperty("inputs")), ReadArrays(entry.GetProperty("outputs")));
        }
    }

    /// <summary>The calls of texts, one after the other; nothing for a model that takes no text.</summary>
    /// <param name="policy">Names the outputs.</param>
    internal IEnumerable<GoldenTextCall> ReadTextCalls(GoldenPolicy policy)
    {
        if (policy.Texts is not { } texts)
        {
            yield break;
        }

        using JsonDocument list = JsonDocument.Parse(Read("texts.json"));
        JsonElement[] entries = list.RootElement.EnumerateArray().ToArray();
        GoldenTensor[][] answers = texts.Outputs.Select((name, place) => ReadRows(FormattableString.Invariant($"texts.{place}.bin"), policy.Of(name))).ToArray();
        for (int start = 0, end; start < entries.Length; start = end)
        {
            string call = entries[start].GetProperty("call").GetString()!;
            end = start + 1;
            while (end < entries.Length && string.Equals(entries[end].GetProperty("call").GetString(), call, StringComparison.Ordinal))
            {
                end++;
            }

            IEnumerable<GoldenText> rows = Enumerable.Range(start, end - start).Select(place => new GoldenText(
                entries[place].GetProperty("text").GetString()!,
                entries[place].GetProperty("ids").EnumerateArray().Select(id => id.GetInt64()).ToArray(),
                answers.Select(rowsOfOutput => rowsOfOutput[place]).ToArray()));
            yield return new GoldenTextCall(call, rows.ToArray());
        }
    }

    /// <summary>By what the answers are judged.</summary>
    internal GoldenPolicy ReadPolicy()
    {
        using JsonDocument policy = JsonDocument.Parse(Read("policy.json"));
        return new GoldenPolicy(policy.RootElement);
    }

    private static string[] ReadTexts(byte[] content)
    {
        var texts = new List<string>();
        for (int start = 0; start < content.Length;)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(start));
            texts.Add(Encoding.UTF8.GetString(content, start + sizeof(int), length));
            start += sizeof(int) + length;
        }

        return texts.ToArray();
    }

    private GoldenTensor[] ReadArrays(JsonElement side)
    {
        return side.EnumerateArray().Select(ReadArray).ToArray();
    }

    private GoldenTensor ReadArray(JsonElement array)
    {
        string name = array.GetProperty("name").GetString()!;
        string dtype = array.GetProperty("dtype").GetString()!;
        long[] shape = array.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64()).ToArray();
        string file = array.GetProperty("file").GetString()!;
        byte[] content = Read(file);
        bool isText = string.Equals(dtype, GoldenTensor.Text, StringComparison.Ordinal);
        GoldenTensor tensor = isText ? new GoldenTensor(name, shape, ReadTexts(content)) : new GoldenTensor(name, dtype, shape, content);
        bool fits = isText ? tensor.Texts.Length == tensor.Count : content.Length == tensor.Count * (long)GoldenTensor.Size(dtype);
        return fits
            ? tensor
            : throw new TheModelException(file + ": expected values of shape " + tensor.DescribeShape() + " and type " + dtype + ", got another number of them: package the model again.");
    }

    /// <summary>Rows of values, each behind their number, as arrays of one axis.</summary>
    private GoldenTensor[] ReadRows(string file, OutputPolicy output)
    {
        byte[] content = Read(file);
        var rows = new List<GoldenTensor>();
        for (int start = 0; start < content.Length;)
        {
            int count = BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(start));
            int length = checked(count * GoldenTensor.Size(output.Dtype));
            rows.Add(GoldenTensor.OfRow(output.Name, output.Dtype, content.AsSpan(start + sizeof(int), length).ToArray()));
            start += sizeof(int) + length;
        }

        return rows.ToArray();
    }

    private byte[] Read(string file)
    {
        return _open(file) ?? throw new TheModelException(
            "Expected " + file + " among the golden calls in the program's assembly, got none: restore the package again, or package the model again.");
    }
}
