#nullable enable

namespace TheNamespace.TheModelEngine;

/// <summary>What comparing one answer with PyTorch's gave.</summary>
internal sealed class AnswerComparison
{
    internal AnswerComparison(string output, string problem, int values = 0, double? used = null, double? maxAbs = null, string exempt = "")
    {
        Output = output;
        Problem = problem;
        Values = values;
        Used = used;
        MaxAbs = maxAbs;
        Exempt = exempt;
    }

    internal string Output { get; }

    /// <summary>What differs; empty when nothing does.</summary>
    internal string Problem { get; }

    internal int Values { get; }

    /// <summary>The largest share of what is allowed, 1 is the limit; null for what must be equal, or where nothing was subtracted.</summary>
    internal double? Used { get; }

    /// <summary>The largest difference; null where nothing was subtracted.</summary>
    internal double? MaxAbs { get; }

    /// <summary>Why a difference does not matter; empty where it does.</summary>
    internal string Exempt { get; }

    internal bool Passed => Problem.Length == 0 || Exempt.Length > 0;
}
