#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Linq;
using System.Text.Json;

/// <summary>
/// By what answers of one output are judged: a value passes when |got - expected| &lt;= atol * scale + floor + rtol * |expected|; the other
/// three must hold too where they are set.
/// </summary>
internal sealed class OutputPolicy
{
    private readonly double _scale;
    private readonly int? _axis;
    private readonly double[] _channels;

    /// <param name="entry">The output's entry in policy.json.</param>
    internal OutputPolicy(JsonElement entry)
    {
        Name = entry.GetProperty("name").GetString()!;
        Dtype = entry.GetProperty("dtype").GetString()!;
        Exempt = entry.GetProperty("exempt").GetString()!;
        _scale = entry.GetProperty("scale").GetDouble();
        _axis = Optional(entry.GetProperty("axis")) is { } axis ? (int)axis : null;
        _channels = entry.GetProperty("channels").EnumerateArray().Select(channel => channel.GetDouble()).ToArray();
        JsonElement tolerance = entry.GetProperty("tolerance");
        if (tolerance.ValueKind != JsonValueKind.Null)
        {
            Atol = tolerance.GetProperty("atol").GetDouble();
            Rtol = tolerance.GetProperty("rtol").GetDouble();
            Floor = tolerance.GetProperty("floor").GetDouble();
            Cosine = Optional(tolerance.GetProperty("cosine"));
            Top1 = Optional(tolerance.GetProperty("top1"));
            Ulp = Optional(tolerance.GetProperty("ulp"));
        }
    }

    internal string Name { get; }

    /// <summary>numpy's name of the type of the values, or "string".</summary>
    internal string Dtype { get; }

    /// <summary>Why the output is not judged; empty where it is.</summary>
    internal string Exempt { get; }

    /// <summary>In units of the output's scale.</summary>
    internal double Atol { get; }

    internal double Rtol { get; }

    /// <summary>In the output's own unit.</summary>
    internal double Floor { get; }

    /// <summary>The smallest between a row and PyTorch's.</summary>
    internal double? Cosine { get; }

    /// <summary>The smallest share of rows whose largest value stands at the same index.</summary>
    internal double? Top1 { get; }

    /// <summary>The largest distance in units in the last place.</summary>
    internal double? Ulp { get; }

    /// <summary>Whether any difference is allowed.</summary>
    internal bool AllowsDifference => Atol > 0 || Rtol > 0 || Floor > 0;

    /// <summary>The scale of each value of an array, by its place: that of its channel, where channels have their own.</summary>
    internal Func<int, double> Scales(long[] shape)
    {
        if (_axis is not { } axis || shape.Length <= axis || shape[axis] != _channels.Length)
        {
            return _ => _scale;
        }

        long inner = shape.Skip(axis + 1).Aggregate(1L, (count, size) => count * size);
        return index => _channels[index / inner % _channels.Length];
    }

    private static double? Optional(JsonElement value)
    {
        return value.ValueKind == JsonValueKind.Null ? null : value.GetDouble();
    }
}
