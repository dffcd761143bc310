namespace TheNamespace.Tests;

using System;
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

    [Fact]
    public void Outputs_have_no_null()
    {
        var error = Assert.Throws<ArgumentNullException>(() => new TheModelOutput(0, null!));
        Assert.Equal("scores: expected 3 values (one row, row-major of shape [3]), got null. (Parameter 'scores')", error.Message);
    }
}
