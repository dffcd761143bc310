namespace TheNamespace.Tests;

using System;
using System.Threading;
using System.Threading.Tasks;
using TheNamespace.TheModelEngine;
using Xunit;

/// <summary>When the golden calls are replayed by themselves.</summary>
public sealed class SelfTestLoadingTests
{
    [Theory]
    [InlineData(TheModelSelfTest.OnLoad)]
    [InlineData(TheModelSelfTest.OnFirstUse)]
    public void A_model_that_passes_answers(TheModelSelfTest selfTest)
    {
        using TheModel model = TheModel.Load(new TheModelOptions { SelfTest = selfTest });
        Assert.Equal(0, model.Run([1f, 0f, 0f, 0f]).Label);
    }

    [Fact]
    public void On_load_it_is_replayed_then()
    {
        int replays = 0;
        using LoadedModel model = Golden.LoadModel(TheModelSelfTest.OnLoad);
        SelfTester.OnLoad(model, null, Counting(() => replays++));
        Run(model);
        Assert.Equal(1, replays);
    }

    [Fact]
    public void On_load_a_model_that_fails_is_disposed()
    {
        using LoadedModel model = Golden.LoadModel(TheModelSelfTest.OnLoad);
        var error = Assert.Throws<TheModelSelfTestException>(() => SelfTester.OnLoad(model, null, Wrong()));
        Assert.Single(error.Result!.Differences);
        Assert.True(model.Lifetime.HasEnded);
    }

    [Fact]
    public void On_load_without_golden_calls_it_says_so()
    {
        using LoadedModel model = Golden.LoadModel(TheModelSelfTest.OnLoad);
        var error = Assert.Throws<TheModelException>(() => SelfTester.OnLoad(model, null, new GoldenFiles(_ => null)));
        Assert.Contains("package.golden=none", error.Message, StringComparison.Ordinal);
        Assert.True(model.Lifetime.HasEnded);
    }

    [Fact]
    public void Never_means_never()
    {
        int replays = 0;
        using LoadedModel model = Golden.LoadModel();
        SelfTester.OnLoad(model, null, Counting(() => replays++));
        Run(model);
        Assert.Equal(0, replays);
    }

    [Fact]
    public void On_first_use_it_is_replayed_once_before_the_first_run()
    {
        int replays = 0;
        using LoadedModel model = Golden.LoadModel(TheModelSelfTest.OnFirstUse);
        SelfTester.OnLoad(model, null, Counting(() => Interlocked.Increment(ref replays)));
        Assert.Equal(0, replays);
        Parallel.For(0, 8, _ => Run(model));
        Assert.Equal(1, replays);
    }

    [Fact]
    public void On_first_use_no_run_of_a_model_that_fails_answers()
    {
        using LoadedModel model = Golden.LoadModel(TheModelSelfTest.OnFirstUse);
        SelfTester.OnLoad(model, null, Wrong());
        var first = Assert.Throws<TheModelSelfTestException>(() => Run(model));
        var second = Assert.Throws<TheModelSelfTestException>(() => Run(model));
        Assert.Same(first.Result, second.Result);
    }

    [Fact]
    public void On_first_use_runs_of_any_size_are_held_too()
    {
        using LoadedModel model = Golden.LoadModel(TheModelSelfTest.OnFirstUse);
        SelfTester.OnLoad(model, null, Wrong());
        Assert.Throws<TheModelSelfTestException>(() => new UnboundRun(model, [], []).Dispose());
    }

    [Fact]
    public void On_first_use_whoever_asks_gets_the_result_of_a_model_that_fails()
    {
        using LoadedModel model = Golden.LoadModel(TheModelSelfTest.OnFirstUse);
        SelfTester.OnLoad(model, null, Wrong());
        Assert.False(SelfTester.Run(model, null, CancellationToken.None, Wrong()).Passed);
        Assert.False(SelfTester.RunOnce(model, null, CancellationToken.None, Wrong()).Passed);
    }

    [Fact]
    public void Another_number_is_no_option()
    {
        var error = Assert.Throws<ArgumentException>(() => TheModel.Load(new TheModelOptions { SelfTest = (TheModelSelfTest)3 }));
        Assert.StartsWith("SelfTest: expected Never, OnLoad or OnFirstUse, got 3.", error.Message, StringComparison.Ordinal);
    }

    private static GoldenFiles Wrong()
    {
        return Golden.Changed("000.outputs.0.bin", bytes => bytes[0] += 7);
    }

    /// <summary>The golden calls of the sample; each replay reads the policy once.</summary>
    private static GoldenFiles Counting(Action count)
    {
        return Golden.Changed("policy.json", bytes => count());
    }

    private static void Run(LoadedModel model)
    {
        using var run = new BoundRun(model, pooled: false);
        run.BindInput<float>("features", 4, [1, 4]).Span.Clear();
        run.BindOutput<long>("label", 1, [1]);
        run.BindOutput<float>("scores", 3, [1, 3]);
        run.Run();
    }
}
