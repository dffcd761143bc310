using System.Diagnostics.Metrics;

namespace Torch2DotNet.Service;

/// <summary>Metrics for operators: `dotnet-counters monitor --counters Torch2DotNet.Service`, or any OpenTelemetry exporter.</summary>
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
        _rows = meter.CreateCounter<long>("predictions.rows", "{row}", "Rows that the model has run.");
        _duration = meter.CreateHistogram<double>("predictions.batch.duration", "s", "Time to run the rows of a request, queueing included.");
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
    /// <summary>Counts requests by status code. Registered before the exception handler, so that it sees the status that callers see.</summary>
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
