#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;

/// <summary>What the comparisons of a self-test come to.</summary>
internal sealed class SelfTestTally
{
    private readonly Dictionary<string, double> _used = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _exempt = new(StringComparer.Ordinal);
    private readonly List<string> _differences = [];
    private long _values;
    private long _judged;
    private int _calls;

    internal void CountCall()
    {
        _calls++;
    }

    internal void Add(string call, AnswerComparison comparison)
    {
        _values += comparison.Values;
        if (comparison.Exempt.Length > 0)
        {
            _exempt[comparison.Output] = comparison.Exempt;
            return;
        }

        _judged += comparison.Values;
        if (comparison.Used is { } used)
        {
            _used[comparison.Output] = Math.Max(used, _used.TryGetValue(comparison.Output, out double before) ? before : 0);
        }

        if (!comparison.Passed)
        {
            AddDifference(call, comparison.Problem);
        }
    }

    internal void AddDifference(string call, string problem)
    {
        _differences.Add("call '" + call + "': " + problem);
    }

    /// <summary>The result; nothing compared, or nothing judged, is a difference too.</summary>
    internal TheModelSelfTestResult Sum(TheModelDiagnostics diagnostics)
    {
        if (_differences.Count == 0 && _judged == 0)
        {
            _differences.Add(
                _values == 0
                    ? "nothing was compared: the package has no golden call with an answer; package the model again"
                    : "nothing was judged: every output is exempt (parity.exempt); leave one that is compared, and package the model again");
        }

        return new TheModelSelfTestResult(_calls, _values, _used, _exempt, _differences, diagnostics);
    }
}
