using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using NSubstitute;
using NSubstitute.ExceptionExtensions;

namespace Torch2DotNet.Service.Tests;

/// <summary>The service with a fake in the model's place: no model is loaded, and it answers what a test says.</summary>
public sealed class FakeModelTests
{
    private readonly IDigits _model = Substitute.For<IDigits>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_fakes_answer_is_sent()
    {
        _model.RunAsync(Arg.Any<float[]>(), Arg.Any<CancellationToken>()).Returns(new DigitsOutput(3, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
        await using var service = new Service(Replace);

        using HttpResponseMessage response = await service.PredictAsync(Service.Seven, Cancellation);

        Assert.Equal("3", (await response.Content.ReadFromJsonAsync<Answer>(Cancellation))?.Digit);
        await _model.Received(1).RunAsync(Arg.Is<float[]>(pixels => pixels.SequenceEqual(Service.Seven)), Arg.Any<CancellationToken>());
    }

    [Fact]
    public async Task A_full_queue_asks_to_come_again()
    {
        _model.RunAsync(Arg.Any<float[]>(), Arg.Any<CancellationToken>()).ThrowsAsync(new DigitsQueueFullException("The queue is full."));
        await using var service = new Service(Replace);

        using HttpResponseMessage response = await service.PredictAsync(Service.Seven, Cancellation);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
    }

    [Fact]
    public async Task A_model_that_fails_is_answered_with_503()
    {
        _model.RunAsync(Arg.Any<float[]>(), Arg.Any<CancellationToken>()).ThrowsAsync(new DigitsException("onnxruntime could not run the model."));
        await using var service = new Service(Replace);

        string sentence = await service.RefusedAsync("/predict", JsonContent.Create(new { pixels = Service.Seven }), HttpStatusCode.ServiceUnavailable);

        Assert.Equal("onnxruntime could not run the model.", sentence);
    }

    private void Replace(IServiceCollection services) => services.AddSingleton(_model);
}
