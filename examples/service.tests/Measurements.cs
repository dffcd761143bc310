using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;

namespace Torch2DotNet.Service.Tests;

/// <summary>The measurements of one instrument of one service.</summary>
internal sealed class Measurements<T> : IDisposable
    where T : struct
{
    private readonly MeterListener _listener = new();
    private readonly Channel<(T Value, IReadOnlyDictionary<string, object?> Tags)> _measurements =
        Channel.CreateUnbounded<(T, IReadOnlyDictionary<string, object?>)>();

    public Measurements(Service service, string name)
    {
        var meters = service.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            // The services of other tests have instruments of the same name; the scope tells them apart.
            if (instrument.Name == name && instrument.Meter.Scope == meters)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<T>((_, value, tags, _) =>
            _measurements.Writer.TryWrite((value, new Dictionary<string, object?>(tags.ToArray()))));
        _listener.Start();
    }

    public async Task<(T Value, IReadOnlyDictionary<string, object?> Tags)> FirstAsync()
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(TimeSpan.FromSeconds(20));
        return await _measurements.Reader.ReadAsync(timeout.Token);
    }

    public void Dispose() => _listener.Dispose();
}
