#nullable enable

namespace TheNamespace.TheModelEngine;

using System.Linq;
using System.Text.Json;

/// <summary>Which inputs the tokens of a text fill, and how alike its answer must be.</summary>
internal sealed class TextPolicy
{
    /// <param name="entry">`texts` of policy.json.</param>
    internal TextPolicy(JsonElement entry)
    {
        JsonElement fills = entry.GetProperty("fills");
        Ids = fills.GetProperty("ids").GetString()!;
        Mask = fills.TryGetProperty("mask", out JsonElement mask) ? mask.GetString() : null;
        Types = fills.TryGetProperty("types", out JsonElement types) ? types.GetString() : null;
        Outputs = entry.GetProperty("outputs").EnumerateArray().Select(name => name.GetString()!).ToArray();
        LeastCosine = entry.GetProperty("least_cosine").GetDouble();
    }

    /// <summary>The input with the numbers of the tokens.</summary>
    internal string Ids { get; }

    /// <summary>The input that is 1 for each token; null where there is none.</summary>
    internal string? Mask { get; }

    /// <summary>The input that is 0 for each token; null where there is none.</summary>
    internal string? Types { get; }

    /// <summary>In the order of the files texts.*.bin.</summary>
    internal string[] Outputs { get; }

    /// <summary>The smallest cosine between an answer and PyTorch's.</summary>
    internal double LeastCosine { get; }
}
