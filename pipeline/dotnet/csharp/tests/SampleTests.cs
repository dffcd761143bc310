namespace TheNamespace.Tests;

using Xunit;

public sealed class SampleTests
{
    [Fact]
    public void The_sample_answers()
    {
        using TheModel model = TheModel.Load();
        TheModelOutput output = model.Run([1f, 0f, 0f, 0f]);
        Assert.Equal(0, output.Label);
        Assert.Equal("none", output.LabelName);
        Assert.Equal(3, output.Scores.Length);
    }
}
