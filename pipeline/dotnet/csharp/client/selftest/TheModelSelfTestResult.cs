#nullable enable

namespace TheNamespace;

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using TheNamespace.TheModelEngine;

/// <summary>What replaying the golden calls on this machine gave.</summary>
public sealed class TheModelSelfTestResult
{
    /// <summary>Creates a result, for a fake of <see cref="ITheModel"/> in a test for instance. It has passed where values were compared and nothing differs.</summary>
    /// <param name="calls">Number of golden calls that were replayed.</param>
    /// <param name="values">Number of values that were compared.</param>
    /// <param name="used">By output: the largest share of what is allowed that an answer uses.</param>
    /// <param name="exempt">By output that is not judged: why.</param>
    /// <param name="differences">What differs, a sentence each.</param>
    /// <param name="diagnostics">What the model ran on.</param>
    public TheModelSelfTestResult(
        int calls,
        long values,
        IReadOnlyDictionary<string, double> used,
        IReadOnlyDictionary<string, string> exempt,
        IReadOnlyList<string> differences,
        TheModelDiagnostics diagnostics)
    {
        Calls = calls;
        Values = values;
        Used = used ?? throw new ArgumentNullException(nameof(used));
        Exempt = exempt ?? throw new ArgumentNullException(nameof(exempt));
        Differences = differences ?? throw new ArgumentNullException(nameof(differences));
        Diagnostics = diagnostics ?? throw new ArgumentNullException(nameof(diagnostics));
    }

    /// <summary>Whether every answer is PyTorch's, within what the package's policy allows; false where nothing was compared.</summary>
    public bool Passed => Values > 0 && Differences.Count == 0;

    /// <summary>Number of golden calls that were replayed.</summary>
    public int Calls { get; }

    /// <summary>Number of values that were compared.</summary>
    public long Values { get; }

    /// <summary>By output: the largest share of what is allowed that an answer uses; 1 is the limit. Outputs that must be equal are not in it.</summary>
    public IReadOnlyDictionary<string, double> Used { get; }

    /// <summary>By output that is compared and not judged: the reason, which is the package's (<c>parity.exempt</c>).</summary>
    public IReadOnlyDictionary<string, string> Exempt { get; }

    /// <summary>What differs, a sentence each, with call, output, place, PyTorch's answer and this one; empty when it passed.</summary>
    public IReadOnlyList<string> Differences { get; }

    /// <summary>What the model ran on.</summary>
    public TheModelDiagnostics Diagnostics { get; }

    /// <summary>Throws where the answers are not PyTorch's, for a test for instance: <c>model.SelfTest().ThrowIfFailed();</c>.</summary>
    /// <exception cref="TheModelSelfTestException">An answer differs, or nothing was compared.</exception>
    public void ThrowIfFailed()
    {
        if (!Passed)
        {
            throw new TheModelSelfTestException(this);
        }
    }

    /// <summary>The result in words: passed or failed, on what, the shares that are used, and every difference on a line of its own.</summary>
    /// <returns>The same text in every culture.</returns>
    public override string ToString()
    {
        string head = string.Format(
            CultureInfo.InvariantCulture,
            "{0} {1}: self-test {2}, {3:N0} golden calls, {4:N0} values, on {5} (onnxruntime {6})",
            Facts.PackageId,
            Facts.PackageVersion,
            Passed ? "passed" : "FAILED",
            Calls,
            Values,
            Diagnostics.Provider,
            Diagnostics.OnnxRuntimeVersion);
        IEnumerable<string> shares = Used.Select(entry => string.Format(CultureInfo.InvariantCulture, "; {0} uses {1:0.0##} % of what is allowed", entry.Key, 100 * entry.Value));
        IEnumerable<string> exempt = Exempt.Select(entry => "; " + entry.Key + " is not judged: " + entry.Value);
        return head + string.Concat(shares) + string.Concat(exempt) + string.Concat(Differences.Select(difference => "\n  " + difference));
    }
}
