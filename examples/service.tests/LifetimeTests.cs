using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Torch2DotNet.Service.Tests;

/// <summary>What happens to requests in progress.</summary>
public sealed class LifetimeTests
{
    private readonly FakeModel _fake = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_row_of_a_caller_who_hangs_up_is_cancelled()
    {
        await using var service = new Service(_fake.Replace);
        using var requests = new Measurements<double>(service, "http.server.request.duration");
        using var caller = new CancellationTokenSource();
        Task<HttpResponseMessage> request = service.AskAsync(Service.Seven, caller.Token);
        await _fake.Asked;

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        (_, IReadOnlyDictionary<string, object?> tags) = await requests.FirstAsync();
        Assert.Equal(499, tags["http.response.status_code"]);
    }

    [Fact]
    public async Task What_was_taken_is_finished_before_the_service_ends()
    {
        await using var service = new Service(_fake.Replace);
        Task<HttpResponseMessage> request = service.AskAsync(Service.Seven, Cancellation);
        await _fake.Asked;

        Task stopped = service.Services.GetRequiredService<IHost>().StopAsync(Cancellation);
        _fake.Answer(new DigitsOutput(7, new float[10]));

        using HttpResponseMessage response = await request;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await stopped;
    }

    [Fact]
    public async Task A_service_that_stops_takes_no_more_connections()
    {
        await using var service = new Service(_fake.Replace);
        Task<HttpResponseMessage> taken = service.AskAsync(Service.Seven, Cancellation);
        await _fake.Asked;
        Task stopped = service.Services.GetRequiredService<IHost>().StopAsync(Cancellation);

        // By a connection of its own: the first is in use.
        await Assert.ThrowsAsync<HttpRequestException>(() => service.AskAsync(Service.Seven, Cancellation));

        _fake.Answer(new DigitsOutput(7, new float[10]));
        await Task.WhenAll(taken, stopped);
    }

    [Fact]
    public async Task The_time_to_finish_in_is_a_setting()
    {
        await using var service = new Service(_fake.Replace, ("ShutdownTimeoutSeconds", "3"));

        Assert.Equal(TimeSpan.FromSeconds(3), service.Services.GetRequiredService<IOptions<HostOptions>>().Value.ShutdownTimeout);
    }
}
