#nullable enable

namespace TheNamespace;

using System;

/// <summary>
/// The model could not be loaded: its file is missing or another one, or onnxruntime's native library is missing, too old or not the one
/// that was restored. The message says what to do.
/// </summary>
public sealed class TheModelLoadException : TheModelException
{
    /// <summary>Creates an exception without a message.</summary>
    public TheModelLoadException()
    {
    }

    /// <summary>Creates an exception with a message.</summary>
    /// <param name="message">What was expected, what was found and what to do.</param>
    public TheModelLoadException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a message and its cause.</summary>
    /// <param name="message">What was expected, what was found and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public TheModelLoadException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
