namespace Torch2DotNet.Service;

/// <summary>The section `Service` of the configuration.</summary>
internal sealed class ServiceSettings
{
    /// <summary>Whether rows of concurrent requests are micro-batched.</summary>
    public bool MicroBatching { get; set; } = true;

    /// <summary>Maximum number of rows in one request to /predict/batch.</summary>
    public int MaxRows { get; set; } = 1024;

    /// <summary>Maximum number of bytes in the body of a request.</summary>
    public long MaxBodyBytes { get; set; } = 1 << 20;

    /// <summary>Graceful shutdown: time in which requests in progress may complete.</summary>
    public TimeSpan ShutdownTimeout { get; set; } = TimeSpan.FromSeconds(10);
}
