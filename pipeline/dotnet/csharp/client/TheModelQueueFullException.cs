#nullable enable

namespace TheNamespace;

using System;

/// <summary>
/// The queue of <c>RunAsync</c> is full and <see cref="TheModelOptions.RejectWhenFull"/> is set: the model is well, there is too much to do.
/// A service answers 503.
/// </summary>
public sealed class TheModelQueueFullException : InvalidOperationException
{
    /// <summary>Creates an exception without a message.</summary>
    public TheModelQueueFullException()
    {
    }

    /// <summary>Creates an exception with a message.</summary>
    /// <param name="message">What was expected, what was found and what to do.</param>
    public TheModelQueueFullException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a message and its cause.</summary>
    /// <param name="message">What was expected, what was found and what to do.</param>
    /// <param name="innerException">The cause.</param>
    public TheModelQueueFullException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
