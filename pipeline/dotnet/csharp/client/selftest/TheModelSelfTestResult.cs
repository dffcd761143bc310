#nullable enable

namespace TheNamespace;

using System.Collections.Generic;

/// <summary>What replaying the golden calls on this machine gave.</summary>
public sealed class TheModelSelfTestResult
{
    internal TheModelSelfTestResult(bool passed, int calls, IReadOnlyDictionary<string, double> used, IReadOnlyList<string> differences, TheModelDiagnostics diagnostics)
    {
        Passed = passed;
        Calls = calls;
        Used = used;
        Differences = differences;
        Diagnostics = diagnostics;
    }

    /// <summary>Whether every answer is PyTorch's, within what the package's policy allows.</summary>
    public bool Passed { get; }

    /// <summary>Number of golden calls that were replayed.</summary>
    public int Calls { get; }

    /// <summary>By output: the largest share of what is allowed that an answer uses; 1 is the limit.</summary>
    public IReadOnlyDictionary<string, double> Used { get; }

    /// <summary>What differs, a sentence each; empty when it passed.</summary>
    public IReadOnlyList<string> Differences { get; }

    /// <summary>What the model ran on.</summary>
    public TheModelDiagnostics Diagnostics { get; }
}
