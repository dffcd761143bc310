namespace Torch2DotNet.Service;

/// <summary>The section `Service` of the configuration.</summary>
internal sealed class ServiceSettings
{
    /// <summary>Whether rows of concurrent requests may share a run of the model.</summary>
    public bool MicroBatching { get; set; } = true;

    /// <summary>Rows in one request to /predict/batch, at most.</summary>
    public int MaxRows { get; set; } = 1024;

    /// <summary>Bytes in the body of a request, at most.</summary>
    public long MaxBodyBytes { get; set; } = 1 << 20;

    /// <summary>Time that requests in progress have to end when the service is stopped.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
