#nullable enable

namespace TheNamespace;

/// <summary>An execution provider that was asked for and not taken.</summary>
public sealed class TheModelRejectedProvider
{
    /// <summary>Creates an entry, for a fake in a test for instance.</summary>
    /// <param name="provider">The execution provider, such as <c>CUDA</c>.</param>
    /// <param name="reason">Why it was not taken.</param>
    public TheModelRejectedProvider(string provider, string reason)
    {
        Provider = provider;
        Reason = reason;
    }

    /// <summary>The execution provider, such as <c>CUDA</c>.</summary>
    public string Provider { get; }

    /// <summary>Why it was not taken, and what has it.</summary>
    public string Reason { get; }

    /// <summary>The provider and the reason.</summary>
    /// <returns>Both, in one line.</returns>
    public override string ToString()
    {
        return Provider + ": " + Reason;
    }
}
