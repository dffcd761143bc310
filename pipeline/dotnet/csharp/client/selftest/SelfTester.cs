#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Threading;

/// <summary>Replays the golden calls that travel in the package.</summary>
internal static class SelfTester
{
    /// <param name="model">The model.</param>
    /// <param name="tokenizer">Its tokenizer; null for a model that takes no text.</param>
    /// <param name="cancellationToken">Ends the replay after the call in progress.</param>
    internal static TheModelSelfTestResult Run(LoadedModel model, ITextTokenizer? tokenizer, CancellationToken cancellationToken)
    {
        return new TheModelSelfTestResult(passed: false, 0, new Dictionary<string, double>(StringComparer.Ordinal), [], model.Diagnostics);
    }

    /// <summary>What <see cref="TheModelOptions.SelfTest"/> asks for when the model is loaded.</summary>
    internal static void OnLoad(TheModel model, TheModelOptions options)
    {
    }
}
