using Microsoft.Extensions.DependencyInjection;
using NSubstitute;

namespace Torch2DotNet.Service.Tests;

/// <summary>The service with a fake in the model's place: it keeps each row until the test answers it.</summary>
internal sealed class FakeModel
{
    private readonly TaskCompletionSource<CancellationToken> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DigitsOutput> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public FakeModel()
    {
        Model.RunAsync(Arg.Any<float[]>(), Arg.Any<CancellationToken>()).Returns(call =>
        {
            _asked.TrySetResult(call.Arg<CancellationToken>());
            return _answer.Task.WaitAsync(call.Arg<CancellationToken>());
        });
    }

    public IDigits Model { get; } = Substitute.For<IDigits>();

    /// <summary>Ends when the first row has come; its token, which ends the row.</summary>
    public Task<CancellationToken> Asked => _asked.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

    public void Answer(DigitsOutput output) => _answer.SetResult(output);

    public void Fail(Exception error) => _answer.SetException(error);

    public void Replace(IServiceCollection services) => services.AddSingleton(Model);
}
