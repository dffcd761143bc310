#nullable enable

namespace TheNamespace;

using System;
using System.Globalization;
using TheNamespace.TheModelEngine;

/// <summary>The model's answers are not PyTorch's on this machine; the message says which and by how much.</summary>
public sealed class TheModelSelfTestException : TheModelException
{
    /// <summary>Creates an exception without a message.</summary>
    public TheModelSelfTestException()
    {
    }

    /// <summary>Creates an exception with a message.</summary>
    /// <param name="message">What was expected, what was found and what to do.</param>
    public TheModelSelfTestException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a message and its cause.</summary>
    /// <param name="message">What was expected, what was found and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public TheModelSelfTestException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal TheModelSelfTestException(TheModelSelfTestResult result)
        : base(Describe(result))
    {
        Result = result;
    }

    /// <summary>The same failure for a later run.</summary>
    internal TheModelSelfTestException(TheModelSelfTestException earlier)
        : base(earlier.Message, earlier)
    {
        Result = earlier.Result;
    }

    /// <summary>What the self-test gave; <see langword="null"/> where the exception was made of a message alone.</summary>
    public TheModelSelfTestResult? Result { get; }

    private static string Describe(TheModelSelfTestResult result)
    {
        string first = result.Differences.Count > 0 ? result.Differences[0] : "nothing was compared";
        string others = result.Differences.Count > 1 ? string.Format(CultureInfo.InvariantCulture, " (and {0:N0} more)", result.Differences.Count - 1) : string.Empty;
        return "Expected PyTorch's answers from " + Facts.PackageId + " " + Facts.PackageVersion + " on " + result.Diagnostics.Provider + " with onnxruntime "
            + result.Diagnostics.OnnxRuntimeVersion + ", got others: " + first + others + "; run it on the provider CPU and on onnxruntime " + Facts.ProvenOnnxRuntime
            + ", on which it was proven, and send SelfTest().ToString() to who made the package.";
    }
}
