#nullable enable

namespace TheNamespace;

using System;

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
}
