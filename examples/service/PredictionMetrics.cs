using System.Diagnostics.Metrics;

namespace Torch2DotNet.Service;

/// <summary>What an operator watches: `dotnet-counters monitor --counters Torch2DotNet.Service`, or any OpenTelemetry exporter.</summary>
internal sealed class PredictionMetrics
{
    public const string MeterName = "Torch2DotNet.Service";

    private readonly Counter<long> _requests;
    private readonly Counter<long> _rows;
    private readonly Histogram<double> _duration;

    public PredictionMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>("predictions.requests", "{request}", "Requests to /predict, by status code.");
        _rows = meter.CreateCounter<long>("predictions.rows", "{row}", "Rows that the model has answered.");
        _duration = meter.CreateHistogram<double>("predictions.batch.duration", "s", "Time from the rows of a request to their answers.");
    }

    public void Requested(int status) => _requests.Add(1, new KeyValuePair<string, object?>("http.response.status_code", status));

    public void Answered(int rows, TimeSpan duration)
    {
        _rows.Add(rows);
        _duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("batched", rows > 1));
    }
}

internal static class PredictionMetricsMiddleware
{
    /// <summary>Counts requests. It stands before what turns exceptions into answers, to see the status that callers see.</summary>
    public static void UsePredictionMetrics(this WebApplication app)
    {
        PredictionMetrics metrics = app.Services.GetRequiredService<PredictionMetrics>();
        app.Use(async (context, next) =>
        {
            await next(context);
            if (context.Request.Path.StartsWithSegments("/predict"))
            {
                metrics.Requested(context.Response.StatusCode);
            }
        });
    }
}
