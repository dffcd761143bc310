using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;

namespace Torch2DotNet.Service.Tests;

/// <summary>What one instrument of one service measures.</summary>
internal sealed class Measured<T> : IDisposable
    where T : struct
{
    private readonly MeterListener _listener = new();
    private readonly Channel<(T Value, IReadOnlyDictionary<string, object?> Tags)> _seen =
        Channel.CreateUnbounded<(T, IReadOnlyDictionary<string, object?>)>();

    public Measured(Service service, string name)
    {
        var meters = service.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // Other tests' services have instruments of the same name: the scope is this one's.
            if (instrument.Name == name && instrument.Meter.Scope == meters)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<T>((_, value, tags, _) =>
            _seen.Writer.TryWrite((value, new Dictionary<string, object?>(tags.ToArray()))));
        _listener.Start();
    }

    public async Task<(T Value, IReadOnlyDictionary<string, object?> Tags)> FirstAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        return await _seen.Reader.ReadAsync(patience.Token);
    }

    public void Dispose() => _listener.Dispose();
}
