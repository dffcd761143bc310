#nullable enable

namespace TheNamespace;

using TheNamespace.TheModelEngine;

/// <summary>How the model is served by the Open Inference Protocol; read once, when it is mapped.</summary>
public sealed class TheModelOpenInferenceOptions
{
    /// <summary>The model's name in the protocol, <c>/v2/models/{name}</c>; that of the contract unless it is set.</summary>
    public string ModelName { get; set; } = Facts.ModelName;

    /// <summary>The version, <c>/v2/models/{name}/versions/{version}</c>; that of the package unless it is set, such as <c>1</c> for clients that ask for a number.</summary>
    public string ModelVersion { get; set; } = Facts.PackageVersion;

    /// <summary>
    /// How many rows and bytes a request may have, how long it may wait, whether it is micro-batched, and which instance of the model answers,
    /// as of the endpoints that <c>MapTheModel</c> maps. Instances by different keys need different names.
    /// </summary>
    public TheModelEndpointOptions Endpoint { get; } = new();
}
