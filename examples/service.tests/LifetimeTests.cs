using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Torch2DotNet.Service.Tests;

/// <summary>What happens to requests in progress, tested with rows that MaxDelay keeps in the queue.</summary>
public sealed class LifetimeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_aborted_request_cancels_its_row()
    {
        await using var service = new Service(("Digits:MaxDelay", "00:00:30"));
        using var requests = new Measurements<double>(service, "http.server.request.duration");
        using var aborted = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        long start = Stopwatch.GetTimestamp();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => service.PredictAsync(Service.Seven, aborted.Token));

        (_, IReadOnlyDictionary<string, object?> tags) = await requests.FirstAsync();
        Assert.Equal(499, tags["http.response.status_code"]);
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(15), "The row was not canceled.");
    }

    [Fact]
    public async Task A_graceful_shutdown_completes_requests_in_progress()
    {
        await using var service = new Service(("Digits:MaxDelay", "00:00:01"));
        Task<HttpResponseMessage> request = service.PredictAsync(Service.Seven, Cancellation);
        await Task.Delay(300, Cancellation);

        service.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        using HttpResponseMessage response = await request;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_full_queue_is_answered_with_503()
    {
        await using var service = new Service(("Digits:MaxDelay", "00:00:02"), ("Digits:MaxQueue", "1"), ("Digits:RejectWhenFull", "true"));
        // Whichever comes second finds the queue full, and is answered first.
        Task<HttpResponseMessage>[] requests = [service.PredictAsync(Service.Seven, Cancellation), service.PredictAsync(Service.Seven, Cancellation)];

        using HttpResponseMessage refused = await await Task.WhenAny(requests);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Contains("Expected at most 1 rows in the queue", await refused.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Single(await Task.WhenAll(requests), response => response.StatusCode == HttpStatusCode.OK);
    }
}
