#nullable enable

namespace TheNamespace.TheModelEngine;

using System.Collections.Generic;

/// <summary>One run of the model: its inputs, and PyTorch's answers.</summary>
internal sealed class GoldenCall
{
    internal GoldenCall(string name, IReadOnlyList<GoldenTensor> inputs, IReadOnlyList<GoldenTensor> outputs)
    {
        Name = name;
        Inputs = inputs;
        Outputs = outputs;
    }

    internal string Name { get; }

    internal IReadOnlyList<GoldenTensor> Inputs { get; }

    internal IReadOnlyList<GoldenTensor> Outputs { get; }
}
