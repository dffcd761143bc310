namespace TheNamespace.Tests;

using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Moq;
using NSubstitute;
using Xunit;

/// <summary>What a consumer's tests put in the model's place.</summary>
public sealed class FakeTests
{
    private static readonly float[] Row = [1f, 0f, 0f, 0f];

    [Fact]
    public async Task NSubstitute_stands_in_for_the_model()
    {
        ITheModel model = Substitute.For<ITheModel>();
        model.Run(Row).Returns(new TheModelOutput(2, [0f, 0f, 1f]));
        model.RunAsync(Row, Arg.Any<CancellationToken>()).Returns(new TheModelOutput(1, [0f, 1f, 0f]));
        Assert.Equal("many", model.Run(Row).LabelName);
        Assert.Equal("few", (await model.RunAsync(Row, CancellationToken.None)).LabelName);
    }

    [Fact]
    public async Task Moq_stands_in_for_the_model()
    {
        var model = new Mock<ITheModel>();
        model.Setup(fake => fake.Run(Row)).Returns(new TheModelOutput(2, [0f, 0f, 1f]));
        model.Setup(fake => fake.RunAsync(It.IsAny<float[]>(), It.IsAny<CancellationToken>())).ThrowsAsync(new TheModelQueueFullException("full"));
        Assert.Equal("many", model.Object.Run(Row).LabelName);
        await Assert.ThrowsAsync<TheModelQueueFullException>(() => model.Object.RunAsync(Row, CancellationToken.None));
    }

    [Fact]
    public void No_member_of_the_interface_has_a_span()
    {
        Assert.DoesNotContain(
            typeof(ITheModel).GetMethods().SelectMany(method => method.GetParameters()),
            parameter => parameter.ParameterType.IsByRefLike);
    }
}
