#nullable enable

namespace TheNamespace;

using System;
using TheNamespace.TheModelEngine;

/// <summary>How the model is served by the Open Inference Protocol; read once, when it is mapped.</summary>
public sealed class TheModelOpenInferenceOptions
{
    /// <summary>
    /// Key of the instance that <c>AddKeyedTheModel</c> has registered. Default: <see langword="null"/>, the one without a key. Each instance that is
    /// mapped needs a name of its own.
    /// </summary>
    public string? Key { get; set; }

    /// <summary>The model's name in the protocol, <c>/v2/models/{name}</c>; that of the contract unless it is set.</summary>
    public string ModelName { get; set; } = Facts.ModelName;

    /// <summary>The version, <c>/v2/models/{name}/versions/{version}</c>; that of the package unless it is set, such as <c>1</c> for clients that ask for a number.</summary>
    public string ModelVersion { get; set; } = Facts.PackageVersion;

    /// <summary>
    /// Whether a request of one row runs in a micro-batch with the rows of concurrent requests (<see cref="ITheModel"/>'s <c>RunAsync</c>),
    /// instead of for itself. Default: <see langword="null"/>, which is so where runs take from 20 microseconds to 2 milliseconds a row and
    /// requests wait for a thread: quicker runs lose more by waiting than a batch saves, and longer ones compute.
    /// </summary>
    public bool? MicroBatching { get; set; }

    /// <summary>Maximum number of rows in a request; one that has more is answered with 413. Default: 1024.</summary>
    public int MaxRows { get; set; } = 1024;

    /// <summary>
    /// Maximum length of a request's body in bytes, decompressed too; a longer one is answered with 413. Default: <see langword="null"/>,
    /// which is the server's limit.
    /// </summary>
    public long? MaxBodyBytes { get; set; }

    /// <summary>
    /// Maximum time for which a request may wait for its run; one that would wait longer is answered at once with 503 and
    /// <c>Retry-After</c>. Default: one second.
    /// </summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(1);

    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    internal void Check(string parameter)
    {
        // Those that other endpoints have too.
        new TheModelEndpointOptions { Key = Key, MaxRows = MaxRows, MaxBodyBytes = MaxBodyBytes, MaxWait = MaxWait }.Checked(parameter);
    }
}
