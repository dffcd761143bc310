#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;

/// <summary>The inputs of a call of texts, all int64 of shape [texts, tokens], and what is said of tokens that differ.</summary>
internal static class TextInputs
{
    private const int ShownText = 40;

    internal static List<GoldenTensor> Fill(GoldenTextCall call, TextPolicy policy)
    {
        long[] ids = call.Texts.SelectMany(text => text.Ids).ToArray();
        long[] shape = [call.Texts.Count, call.Texts[0].Ids.Length];
        var inputs = new List<GoldenTensor> { Tensor(policy.Ids, shape, ids) };
        if (policy.Mask is { } mask)
        {
            inputs.Add(Tensor(mask, shape, Array.ConvertAll(ids, _ => 1L)));
        }

        if (policy.Types is { } types)
        {
            inputs.Add(Tensor(types, shape, new long[ids.Length]));
        }

        return inputs;
    }

    internal static string DescribeMismatch(int row, string text, long[] expected, long[] got)
    {
        int place = 0;
        while (place < expected.Length && place < got.Length && expected[place] == got[place])
        {
            place++;
        }

        string shown = text.Length <= ShownText ? text : new string(text.ToCharArray(0, ShownText)) + "…";
        return string.Format(
            CultureInfo.InvariantCulture,
            "text {0} (\"{1}\"): expected {2} at place {3} of its tokens, got {4}",
            row,
            shown,
            Describe(expected, place),
            place,
            Describe(got, place));
    }

    private static string Describe(long[] ids, int place)
    {
        return place < ids.Length ? "token " + ids[place].ToString(CultureInfo.InvariantCulture) : "their end";
    }

    private static GoldenTensor Tensor(string name, long[] shape, long[] values)
    {
        return new GoldenTensor(name, "int64", shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
    }
}
