#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

/// <summary>By what answers are judged: policy.json, which is what `verify` allowed when the package was proven.</summary>
internal sealed class GoldenPolicy
{
    private readonly Dictionary<string, OutputPolicy> _outputs;

    internal GoldenPolicy(JsonElement content)
    {
        _outputs = content.GetProperty("outputs").EnumerateArray().Select(entry => new OutputPolicy(entry)).ToDictionary(output => output.Name, StringComparer.Ordinal);
        JsonElement texts = content.GetProperty("texts");
        Texts = texts.ValueKind == JsonValueKind.Null ? null : new TextPolicy(texts);
    }

    /// <summary>Of a model that takes text.</summary>
    internal TextPolicy? Texts { get; }

    internal OutputPolicy Of(string output)
    {
        return _outputs.TryGetValue(output, out OutputPolicy? policy)
            ? policy
            : throw new TheModelException("policy.json: expected how the output " + output + " is judged, got nothing of it: package the model again.");
    }
}
