#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using Microsoft.ML.OnnxRuntime;

/// <summary>Replays the golden calls that travel in the package, at the level of the session, and compares the answers with PyTorch's.</summary>
internal static class SelfTester
{
    /// <summary>What the first replay on each session gave.</summary>
    private static readonly ConditionalWeakTable<InferenceSession, Replayed> Sessions = new();

    /// <param name="model">The model.</param>
    /// <param name="tokenizer">Its tokenizer; null for a model that takes no text.</param>
    /// <param name="cancellationToken">Ends the replay after the call in progress.</param>
    /// <param name="golden">Golden calls; null for those of the package.</param>
    /// <exception cref="TheModelException">The package has no golden calls.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    internal static TheModelSelfTestResult Run(LoadedModel model, ITextTokenizer? tokenizer, CancellationToken cancellationToken, GoldenFiles? golden = null)
    {
        golden ??= GoldenResources.Files;
        if (!golden.Exist)
        {
            throw new TheModelException(
                "Expected golden calls in the package " + Facts.PackageId + " " + Facts.PackageVersion + " for a self-test, got none: it was made with package.golden=none; "
                + "make it with package.golden=slim, or leave TheModelOptions.SelfTest at Never and SelfTest() uncalled.");
        }

        model.Lifetime.EnterSelfTest();
        try
        {
            TheModelSelfTestResult result = Replay(model.Session, tokenizer, golden, cancellationToken).Sum(model.Diagnostics);
            model.Options.Log.SelfTested(result);
            return result;
        }
        finally
        {
            model.Lifetime.Leave();
        }
    }

    /// <summary>As <see cref="Run"/>, but once for each loaded session: whoever asks later gets the first result.</summary>
    /// <remarks>Callers that ask while it is replayed wait for it. What was cancelled or failed to run is replayed again.</remarks>
    internal static TheModelSelfTestResult RunOnce(LoadedModel model, ITextTokenizer? tokenizer, CancellationToken cancellationToken, GoldenFiles? golden = null)
    {
        Replayed replayed = Sessions.GetOrCreateValue(model.Session);
        lock (replayed)
        {
            return replayed.Result ??= Run(model, tokenizer, cancellationToken, golden);
        }
    }

    /// <summary>What <see cref="TheModelOptions.SelfTest"/> asks for when the model is loaded; where it fails, the model is disposed.</summary>
    /// <exception cref="TheModelSelfTestException">An answer differs.</exception>
    /// <exception cref="TheModelException">The package has no golden calls.</exception>
    internal static void OnLoad(LoadedModel model, ITextTokenizer? tokenizer, GoldenFiles? golden = null)
    {
        if (model.Options.SelfTest == TheModelSelfTest.OnFirstUse)
        {
            model.FirstUse = () => RunOnce(model, tokenizer, CancellationToken.None, golden).ThrowIfFailed();
        }
        else if (model.Options.SelfTest == TheModelSelfTest.OnLoad)
        {
            bool passed = false;
            try
            {
                RunOnce(model, tokenizer, CancellationToken.None, golden).ThrowIfFailed();
                passed = true;
            }
            finally
            {
                if (!passed)
                {
                    model.Dispose();
                }
            }
        }
    }

    /// <summary>Runs every golden call on a session, whatever model it is of, and compares.</summary>
    internal static SelfTestTally Replay(InferenceSession session, ITextTokenizer? tokenizer, GoldenFiles golden, CancellationToken cancellationToken)
    {
        var tally = new SelfTestTally();
        GoldenPolicy policy = golden.ReadPolicy();
        foreach (GoldenCall call in golden.ReadCalls())
        {
            cancellationToken.ThrowIfCancellationRequested();
            tally.CountCall();
            Compare(session, call, policy, tally);
        }

        if (tokenizer != null)
        {
            foreach (GoldenTextCall call in golden.ReadTextCalls(policy))
            {
                cancellationToken.ThrowIfCancellationRequested();
                tally.CountCall();
                if (HaveTheirTokens(call, tokenizer, tally))
                {
                    Compare(session, call, policy, tally);
                }
            }
        }

        return tally;
    }

    private static void Compare(InferenceSession session, GoldenCall call, GoldenPolicy policy, SelfTestTally tally)
    {
        GoldenTensor[]? answers = Answer(session, call.Name, call.Inputs, call.Outputs.Select(output => output.Name).ToArray(), tally);
        for (int i = 0; answers != null && i < answers.Length; i++)
        {
            tally.Add(call.Name, AnswerComparer.Compare(call.Outputs[i], answers[i], policy.Of(answers[i].Name)));
        }
    }

    /// <summary>Compares the rows of the texts, each for itself as `verify` does.</summary>
    private static void Compare(InferenceSession session, GoldenTextCall call, GoldenPolicy policy, SelfTestTally tally)
    {
        TextPolicy texts = policy.Texts!;
        GoldenTensor[]? answers = Answer(session, call.Name, TextInputs.Fill(call, texts), texts.Outputs, tally);
        for (int output = 0; answers != null && output < answers.Length; output++)
        {
            OutputPolicy judged = policy.Of(texts.Outputs[output]);
            long rows = answers[output].Shape.Length == 0 ? 0 : answers[output].Shape[0];
            if (rows != call.Texts.Count)
            {
                tally.AddDifference(call.Name, "output '" + judged.Name + "': expected a row for each of " + Number(call.Texts.Count) + " texts, got shape " + answers[output].DescribeShape());
                continue;
            }

            for (int row = 0; row < call.Texts.Count; row++)
            {
                AnswerComparison comparison = AnswerComparer.CompareTextRow(call.Texts[row].Answers[output], answers[output].Row(row), judged, texts.LeastCosine);
                tally.Add(call.Name + ", text " + Number(row), comparison);
            }
        }
    }

    /// <summary>The answers; null, and a difference, where onnxruntime has none.</summary>
    private static GoldenTensor[]? Answer(InferenceSession session, string call, IReadOnlyList<GoldenTensor> inputs, string[] outputs, SelfTestTally tally)
    {
        try
        {
            return GoldenRun.Answer(session, inputs, outputs);
        }
        catch (OnnxRuntimeException error)
        {
            tally.AddDifference(call, "expected an answer, got an error of onnxruntime: " + error.Message);
            return null;
        }
    }

    private static bool HaveTheirTokens(GoldenTextCall call, ITextTokenizer tokenizer, SelfTestTally tally)
    {
        bool equal = true;
        for (int row = 0; row < call.Texts.Count; row++)
        {
            long[] expected = call.Texts[row].Ids;
            long[] got = tokenizer.Encode(call.Texts[row].Text, "text");
            if (!expected.SequenceEqual(got))
            {
                equal = false;
                tally.AddDifference(call.Name, TextInputs.DescribeMismatch(row, call.Texts[row].Text, expected, got));
            }
        }

        return equal;
    }

    private static string Number(int value)
    {
        return value.ToString(CultureInfo.InvariantCulture);
    }

    private sealed class Replayed
    {
        internal TheModelSelfTestResult? Result { get; set; }
    }
}
