#nullable enable

namespace TheNamespace;

using TheNamespace.TheModelEngine;

/// <summary>How the model is served by the Open Inference Protocol.</summary>
public sealed class TheModelOpenInferenceOptions
{
    /// <summary>The model's name in the protocol, <c>/v2/models/{name}</c>; that of the contract unless it is set.</summary>
    public string ModelName { get; set; } = Facts.ModelName;

    /// <summary>The version, <c>/v2/models/{name}/versions/{version}</c>; that of the package unless it is set, such as <c>1</c> for clients that ask for a number.</summary>
    public string ModelVersion { get; set; } = Facts.PackageVersion;

    /// <summary>
    /// Whether a request of one row runs in a micro-batch with the rows of concurrent requests (<see cref="ITheModel"/>'s <c>RunAsync</c>),
    /// instead of at once on its own thread.
    /// </summary>
    public bool MicroBatching { get; set; }
}
