using System.Net;
using System.Net.Http.Json;
using NSubstitute;

namespace Torch2DotNet.Service.Tests;

/// <summary>What the service makes of a model's answers and failures.</summary>
public sealed class FakeModelTests
{
    private readonly FakeModel _fake = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_fakes_answer_is_sent()
    {
        _fake.Answer(new DigitsOutput(3, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
        await using var service = new Service(_fake.Replace);

        using HttpResponseMessage response = await service.AskAsync(Service.Seven, Cancellation);

        Assert.Equal("3", (await response.Content.ReadFromJsonAsync<Answer>(Cancellation))?.Label);
        await _fake.Model.Received(1).RunAsync(Arg.Is<float[]>(pixels => pixels.SequenceEqual(Service.Seven)), Arg.Any<CancellationToken>());
    }

    [Fact]
    public async Task A_full_queue_asks_to_come_again()
    {
        _fake.Fail(new DigitsQueueFullException("The queue is full."));
        await using var service = new Service(_fake.Replace);

        using HttpResponseMessage response = await service.AskAsync(Service.Seven, Cancellation);

        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
        Assert.Equal("The queue is full.", await Service.ExplanationAsync(response, HttpStatusCode.ServiceUnavailable));
    }

    [Fact]
    public async Task A_model_that_fails_is_an_error_of_the_server()
    {
        _fake.Fail(new DigitsException("onnxruntime could not run the model."));
        await using var service = new Service(_fake.Replace);

        using HttpResponseMessage response = await service.AskAsync(Service.Seven, Cancellation);

        Assert.True((int)response.StatusCode >= 500, $"{response.StatusCode}");
        await Service.ExplanationAsync(response, response.StatusCode);
    }
}
