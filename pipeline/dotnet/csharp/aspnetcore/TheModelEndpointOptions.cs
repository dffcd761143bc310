#nullable enable

namespace TheNamespace;

/// <summary>How an endpoint of the model answers.</summary>
public sealed class TheModelEndpointOptions
{
    /// <summary>
    /// Whether a request of one row runs in a micro-batch with the rows of concurrent requests (<see cref="ITheModel"/>'s <c>RunAsync</c>),
    /// instead of at once on its own thread.
    /// </summary>
    public bool MicroBatching { get; set; }
}
