namespace TheNamespace.Tests;

using System;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

public sealed class QueueTests
{
    private static BatcherFixture Small(bool rejects = false)
    {
        return new BatcherFixture(configure: options =>
        {
            options.MaxQueue = 2;
            options.RejectWhenFull = rejects;
        });
    }

    [Fact]
    public async Task A_full_queue_makes_the_next_callers_wait_outside_in_their_order()
    {
        using BatcherFixture fixture = Small();
        await fixture.BlockAsync();
        Task<int>[] waiting = fixture.CallAll(1, 2, 3, 4, 5);
        fixture.Runner.Open.Set();
        int[] answers = await Task.WhenAll(waiting);
        Assert.Equal([10, 20, 30, 40, 50], answers);
        Assert.Equal([[0], [1, 2], [3, 4], [5]], fixture.Runner.Runs);
    }

    [Fact]
    public async Task A_full_queue_refuses_the_next_caller_when_that_is_asked_for()
    {
        using BatcherFixture fixture = Small(rejects: true);
        await fixture.BlockAsync();
        Task<int>[] waiting = fixture.CallAll(1, 2);
        TheModelQueueFullException error = await Assert.ThrowsAsync<TheModelQueueFullException>(
            () => fixture.Call(3));
        Assert.Equal("Expected at most 2 rows in the queue, got one more: send fewer requests, or raise TheModelOptions.MaxQueue.", error.Message);
        fixture.Runner.Open.Set();
        int[] answers = await Task.WhenAll(waiting);
        Assert.Equal([10, 20], answers);
    }

    [Fact]
    public async Task Rows_that_a_run_begins_with_at_once_are_not_in_the_queue()
    {
        using var fixture = new BatcherFixture(configure: options =>
        {
            options.MaxQueue = 1;
            options.MaxConcurrency = 4;
            options.RejectWhenFull = true;
        });
        Task<int>[] all = fixture.CallAll(1, 2, 3, 4);
        int[] answers = await Task.WhenAll(all);
        Assert.Equal([10, 20, 30, 40], answers);
    }

    [Fact]
    public async Task A_caller_who_waits_for_room_can_give_up()
    {
        using BatcherFixture fixture = Small();
        await fixture.BlockAsync();
        Task<int>[] waiting = fixture.CallAll(1, 2);
        using var source = new CancellationTokenSource();
        Task<int> outside = fixture.Batcher.RunAsync(3, source.Token);
        await source.CancelAsync();
        OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => outside);
        Assert.Equal(source.Token, error.CancellationToken);
        fixture.Runner.Open.Set();
        await Task.WhenAll(waiting);
        Assert.Equal([[0], [1, 2]], fixture.Runner.Runs);
    }

    [Fact]
    public async Task A_caller_who_gives_up_in_the_queue_lets_in_the_next_who_waits_for_room()
    {
        using BatcherFixture fixture = Small();
        await fixture.BlockAsync();
        using var source = new CancellationTokenSource();
        Task<int> first = fixture.Batcher.RunAsync(1, source.Token);
        Task<int>[] others = fixture.CallAll(2, 3);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        fixture.Runner.Open.Set();
        int[] answers = await Task.WhenAll(others);
        Assert.Equal([20, 30], answers);
        Assert.Equal([[0], [2, 3]], fixture.Runner.Runs);
    }

    [Fact]
    public async Task Who_waits_for_room_ends_the_delay_of_those_in_the_queue()
    {
        using var fixture = new BatcherFixture(clock: new ManualClock(), configure: options =>
        {
            options.MaxDelay = TimeSpan.FromSeconds(2);
            options.MaxQueue = 2;
        });
        Task<int>[] all = fixture.CallAll(1, 2, 3, 4);
        int[] answers = await Task.WhenAll(all[..2]).WaitAsync(TestLimits.Time, TestLimits.Token);
        Assert.Equal([10, 20], answers);
    }

    [Fact]
    public async Task Disposal_fails_those_who_wait_for_room()
    {
        BatcherFixture fixture = Small();
        Task<int> running = await fixture.BlockAsync();
        Task<int>[] waiting = fixture.CallAll(1, 2, 3);
        fixture.Dispose();
        foreach (Task<int> row in waiting)
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => row);
        }

        Assert.Equal(0, await running);
    }
}
