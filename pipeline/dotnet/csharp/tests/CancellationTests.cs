namespace TheNamespace.Tests;

using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.ML.OnnxRuntime;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class CancellationTests
{
    [Fact]
    public async Task A_token_that_is_cancelled_before_the_call_runs_nothing()
    {
        using var fixture = new BatcherFixture();
        await Assert.ThrowsAsync<TaskCanceledException>(() => fixture.Batcher.RunAsync(1, new CancellationToken(canceled: true)));
        Assert.Empty(fixture.Runner.Runs);
    }

    [Fact]
    public async Task A_single_call_ends_its_own_run()
    {
        using var fixture = new BatcherFixture();
        fixture.Runner.Open.Reset();
        using var source = new CancellationTokenSource();
        Task<int> call = fixture.Batcher.RunAsync(1, source.Token);
        await fixture.Runner.Begun.WaitAsync(TestLimits.Token);
        await source.CancelAsync();
        OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(source.Token, error.CancellationToken);

        // The only run is free again, although the runner has not been opened.
        Task<int> next = fixture.Call(2);
        await fixture.Runner.Begun.WaitAsync(TestLimits.Token);
        fixture.Runner.Open.Set();
        Assert.Equal(20, await next);
    }

    [Fact]
    public async Task A_caller_of_a_shared_batch_stops_waiting_and_the_others_are_answered()
    {
        using var fixture = new BatcherFixture(clock: new ManualClock(), configure: Pairs);
        fixture.Runner.Open.Reset();
        using var source = new CancellationTokenSource();
        using var other = new CancellationTokenSource();
        Task<int> leaves = fixture.Batcher.RunAsync(1, source.Token);
        Task<int> stays = fixture.Batcher.RunAsync(2, other.Token);
        await fixture.Runner.Begun.WaitAsync(TestLimits.Token);
        await source.CancelAsync();
        OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        Assert.Equal(source.Token, error.CancellationToken);
        Assert.False(stays.IsCompleted);
        fixture.Runner.Open.Set();
        Assert.Equal(20, await stays);
    }

    [Fact]
    public async Task A_shared_batch_ends_when_all_its_callers_have_gone()
    {
        using var fixture = new BatcherFixture(clock: new ManualClock(), configure: Pairs);
        fixture.Runner.Open.Reset();
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        Task<int>[] pair = [fixture.Batcher.RunAsync(1, first.Token), fixture.Batcher.RunAsync(2, second.Token)];
        await fixture.Runner.Begun.WaitAsync(TestLimits.Token);
        await first.CancelAsync();
        await second.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(pair));

        // It was not run again, and the next pair has the only run.
        Task<int>[] next = fixture.CallAll(3, 4);
        await fixture.Runner.Begun.WaitAsync(TestLimits.Token);
        fixture.Runner.Open.Set();
        int[] answers = await Task.WhenAll(next);
        Assert.Equal([30, 40], answers);
        Assert.Equal([[1, 2], [3, 4]], fixture.Runner.Runs);
    }

    [Fact]
    public void A_cancelled_token_ends_a_run_of_onnxruntime_and_not_the_next_of_the_same_options()
    {
        using LoadedModelOwner owner = new();
        using var binding = owner.Model.Session.CreateIoBinding();
        using var input = new TensorMemory<float>(4, [1, 4], pooled: true);
        using var output = new TensorMemory<float>(3, [1, 3], pooled: true);
        binding.BindInput("features", input.Value);
        binding.BindOutput("scores", output.Value);
        using var stopper = new RunStopper();
        using var source = new CancellationTokenSource();
        CancellationTokenRegistration registration = stopper.Watch(source.Token);
        source.Cancel();
        OnnxRuntimeException error = Assert.Throws<OnnxRuntimeException>(() => owner.Model.Session.RunWithBinding(stopper.Options, binding));
        Assert.Contains("terminate", error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.IsType<OperationCanceledException>(LoadedModel.Failure(error, source.Token));
        stopper.Unwatch(registration);
        owner.Model.Session.RunWithBinding(stopper.Options, binding);
    }

    [Fact]
    public void No_race_ends_the_next_run_of_the_same_buffers()
    {
        using TheModel model = TheModel.Load(new TheModelOptions { IntraOpNumThreads = 1 });
        using TheModelBuffers buffers = model.CreateBuffers(2000);
        int ended = 0;
        for (int i = 0; i < 300; i++)
        {
            using var source = new CancellationTokenSource();
            var cancel = new Thread(source.Cancel);
            cancel.Start();
            if (i % 10 == 0)
            {
                cancel.Join();
            }

            try
            {
                buffers.RunUntil(source.Token);
            }
            catch (OperationCanceledException error)
            {
                Assert.Equal(source.Token, error.CancellationToken);
                ended++;
            }

            buffers.Run();
            cancel.Join();
            buffers.Run();
        }

        Assert.InRange(ended, 30, 300);
    }

    [Fact]
    public void An_unbound_run_ends_with_its_token_and_leaves_nothing_to_the_next()
    {
        using LoadedModelOwner owner = new();
        using var source = new CancellationTokenSource();
        source.Cancel();
        for (int i = 0; i < 3; i++)
        {
            using (var cancelled = new UnboundRun(owner.Model, ["features"], ["scores"]))
            {
                cancelled.AddInput<float>(4, 1, 4).Fill(1);
                OperationCanceledException error = Assert.Throws<OperationCanceledException>(
                    () => cancelled.Run(source.Token));
                Assert.Equal(source.Token, error.CancellationToken);
            }

            using var run = new UnboundRun(owner.Model, ["features"], ["scores"]);
            run.AddInput<float>(4, 1, 4).Fill(1);
            run.Run(CancellationToken.None);
            Assert.Equal(3, run.Values<float>(0).Length);
        }

        Assert.False(owner.Model.IsRunning);
    }

    private static void Pairs(TheModelOptions options)
    {
        options.MaxDelay = TimeSpan.FromSeconds(30);
        options.MaxBatchSize = 2;
    }
}
