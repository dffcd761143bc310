using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Torch2DotNet.Service.Tests;

/// <summary>A row that is held back shows what becomes of requests in progress.</summary>
public sealed class LifetimeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_caller_who_leaves_takes_the_row_along()
    {
        await using var service = new Service(("Digits:MaxDelay", "00:00:30"));
        using var requests = new Measured<long>(service, "predictions.requests");
        using var leaving = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        long start = Stopwatch.GetTimestamp();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => service.PredictAsync(Service.Seven, leaving.Token));

        (_, IReadOnlyDictionary<string, object?> tags) = await requests.FirstAsync();
        Assert.Equal(499, tags["http.response.status_code"]);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(15), "The row was waited for.");
    }

    [Fact]
    public async Task A_stop_lets_requests_in_progress_end()
    {
        await using var service = new Service(("Digits:MaxDelay", "00:00:01"));
        Task<HttpResponseMessage> request = service.PredictAsync(Service.Seven, Cancellation);
        await Task.Delay(300, Cancellation);

        service.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        using HttpResponseMessage response = await request;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_full_queue_is_said_and_no_fault()
    {
        await using var service = new Service(("Digits:MaxDelay", "00:00:01"), ("Digits:MaxQueue", "1"), ("Digits:RejectWhenFull", "true"));
        Task<HttpResponseMessage> waiting = service.PredictAsync(Service.Seven, Cancellation);
        await Task.Delay(300, Cancellation);

        string sentence = await service.RefusedAsync("/predict", JsonContent.Create(new { pixels = Service.Seven }), HttpStatusCode.ServiceUnavailable);

        Assert.Contains("Expected at most 1 rows to wait", sentence, StringComparison.Ordinal);
        using HttpResponseMessage response = await waiting;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Rows_and_their_time_are_measured()
    {
        await using var service = new Service();
        using var rows = new Measured<long>(service, "predictions.rows");
        using var duration = new Measured<double>(service, "predictions.batch.duration");

        using HttpResponseMessage response = await service.Client.PostAsJsonAsync(
            "/predict/batch", new { rows = new[] { Service.Seven, Service.Seven } }, Cancellation);

        Assert.Equal(2, (await rows.FirstAsync()).Value);
        (double seconds, IReadOnlyDictionary<string, object?> tags) = await duration.FirstAsync();
        Assert.InRange(seconds, 0, 10);
        Assert.Equal(true, tags["batched"]);
    }
}
