#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Threading;

/// <summary>The self-tests of a container's models, each of which runs once: a health check is asked every few seconds.</summary>
internal sealed class SelfTestResults
{
    private readonly Dictionary<string, TheModelSelfTestResult> _results = new(StringComparer.Ordinal);

    internal TheModelSelfTestResult? Get(RegisteredModel model)
    {
        lock (_results)
        {
            return _results.TryGetValue(model.Name, out TheModelSelfTestResult? result) ? result : null;
        }
    }

    /// <summary>The result, for which the first caller runs the self-test and the others wait.</summary>
    internal TheModelSelfTestResult GetOrRun(RegisteredModel model, TheModel instance, CancellationToken cancellationToken)
    {
        lock (_results)
        {
            if (!_results.TryGetValue(model.Name, out TheModelSelfTestResult? result))
            {
                result = instance.SelfTestOnce(cancellationToken);
                _results.Add(model.Name, result);
            }

            return result;
        }
    }
}
