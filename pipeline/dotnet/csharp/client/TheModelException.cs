#nullable enable

namespace TheNamespace;

using System;

/// <summary>The model could not be loaded or run; the message says what was expected, what was found and what to do.</summary>
/// <remarks>
/// <see cref="TheModelLoadException"/> where it could not be loaded, <see cref="TheModelSelfTestException"/> where its answers are not
/// PyTorch's on this machine.
/// </remarks>
public class TheModelException : InvalidOperationException
{
    /// <summary>Creates an exception without a message.</summary>
    public TheModelException()
    {
    }

    /// <summary>Creates an exception with a message.</summary>
    /// <param name="message">What was expected, what was found and what to do.</param>
    public TheModelException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a message and its cause.</summary>
    /// <param name="message">What was expected, what was found and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public TheModelException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
