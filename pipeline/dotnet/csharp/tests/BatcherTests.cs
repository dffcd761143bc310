namespace TheNamespace.Tests;

using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

public sealed class BatcherTests
{
    [Fact]
    public async Task A_row_is_answered()
    {
        using var fixture = new BatcherFixture();
        Assert.Equal(70, await fixture.Call(7));
    }

    [Fact]
    public async Task Rows_that_wait_for_a_run_are_run_together()
    {
        using var fixture = new BatcherFixture();
        Task<int> blocked = await fixture.BlockAsync();
        Task<int>[] waiting = fixture.CallAll(1, 2, 3);
        fixture.Runner.Open.Set();
        int[] answers = await Task.WhenAll(waiting);
        Assert.Equal([10, 20, 30], answers);
        Assert.Equal(0, await blocked);
        Assert.Equal([[0], [1, 2, 3]], fixture.Runner.Runs);
    }

    [Fact]
    public async Task A_run_has_at_most_as_many_rows_as_the_options_say()
    {
        using var fixture = new BatcherFixture(configure: options => options.MaxBatchSize = 2);
        await fixture.BlockAsync();
        Task<int>[] waiting = fixture.CallAll(1, 2, 3, 4, 5);
        fixture.Runner.Open.Set();
        await Task.WhenAll(waiting);
        Assert.Equal([[0], [1, 2], [3, 4], [5]], fixture.Runner.Runs);
    }

    [Fact]
    public async Task Only_rows_of_equal_sizes_are_run_together()
    {
        using var fixture = new BatcherFixture(new FakeRunner { IgnoresSizes = false });
        await fixture.BlockAsync();
        Task<int>[] waiting = fixture.CallAll(1, 12, 21, 22, 3);
        fixture.Runner.Open.Set();
        int[] answers = await Task.WhenAll(waiting);
        Assert.Equal([10, 120, 210, 220, 30], answers);
        Assert.Equal([[0], [1, 21], [12, 22], [3]], fixture.Runner.Runs);
    }

    [Fact]
    public async Task No_more_runs_are_in_progress_than_the_options_say()
    {
        using var fixture = new BatcherFixture(configure: options =>
        {
            options.MaxConcurrency = 2;
            options.MaxBatchSize = 1;
        });
        fixture.Runner.Open.Reset();
        Task<int>[] all = fixture.CallAll(0, 1, 2, 3, 4);
        await fixture.Runner.Begun.WaitAsync(TestLimits.Token);
        await fixture.Runner.Begun.WaitAsync(TestLimits.Token);
        Assert.False(await fixture.Runner.Begun.WaitAsync(20, TestLimits.Token));
        fixture.Runner.Open.Set();
        await Task.WhenAll(all);
        Assert.Equal(5, fixture.Runner.Runs.Count);
    }

    [Fact]
    public async Task A_row_never_runs_on_the_callers_thread()
    {
        using var fixture = new BatcherFixture();
        Task<int> blocked = await fixture.BlockAsync();
        Assert.False(blocked.IsCompleted);
        Assert.DoesNotContain(Environment.CurrentManagedThreadId, fixture.Runner.Threads);
    }

    [Fact]
    public async Task A_row_runs_on_the_callers_thread_when_that_is_asked_for()
    {
        using var fixture = new BatcherFixture(configure: options => options.RunOnCallingThread = true);
        int caller = Environment.CurrentManagedThreadId;
        Task<int> done = fixture.Call(7);
        Assert.True(done.IsCompletedSuccessfully);
        Assert.Equal([caller], fixture.Runner.Threads);
        await Assert.ThrowsAsync<TheModelException>(() => fixture.Call(-1));
    }

    [Fact]
    public async Task A_bad_row_fails_alone_and_the_rows_that_ran_with_it_are_answered()
    {
        using var fixture = new BatcherFixture();
        await fixture.BlockAsync();
        Task<int> good = fixture.Call(1);
        Task<int> bad = fixture.Call(-2);
        Task<int> second = fixture.Call(3);
        fixture.Runner.Open.Set();
        Assert.Equal(10, await good);
        Assert.Equal(30, await second);
        await Assert.ThrowsAsync<TheModelException>(() => bad);
        Assert.Equal([[0], [1, -2, 3], [1], [-2], [3]], fixture.Runner.Runs);
    }

    [Fact]
    public async Task A_batch_that_fails_because_the_model_is_disposed_is_not_run_again()
    {
        using var fixture = new BatcherFixture(new FakeRunner { Failure = new ObjectDisposedException("TheModel") });
        await fixture.BlockAsync();
        Task<int>[] batch = fixture.CallAll(1, -2);
        fixture.Runner.Open.Set();
        foreach (Task<int> row in batch)
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(() => row);
        }

        Assert.Equal([[0], [1, -2]], fixture.Runner.Runs);
    }

    [Fact]
    public async Task A_delayed_row_waits_until_its_time_is_up()
    {
        var clock = new ManualClock();
        using var fixture = new BatcherFixture(clock: clock, configure: options => options.MaxDelay = TimeSpan.FromSeconds(2));
        Task<int> first = fixture.Call(1);
        clock.Move(TimeSpan.FromSeconds(1));
        Task<int> second = fixture.Call(2);
        Assert.Empty(fixture.Runner.Runs);
        clock.Move(TimeSpan.FromSeconds(1));
        int[] answers = await Task.WhenAll(first, second);
        Assert.Equal([10, 20], answers);
        Assert.Equal([[1, 2]], fixture.Runner.Runs);
    }

    [Fact]
    public async Task A_full_batch_ends_the_delay()
    {
        using var fixture = new BatcherFixture(clock: new ManualClock(), configure: options =>
        {
            options.MaxDelay = TimeSpan.FromSeconds(2);
            options.MaxBatchSize = 2;
        });
        Task<int> first = fixture.Call(1);
        Assert.Equal(20, await fixture.Call(2));
        Assert.Equal(10, await first);
    }

    [Fact]
    public async Task The_systems_clock_ends_a_delay()
    {
        using var fixture = new BatcherFixture(configure: options => options.MaxDelay = TimeSpan.FromMilliseconds(5));
        Assert.Equal(10, await fixture.Call(1).WaitAsync(TestLimits.Time, TestLimits.Token));
    }

    [Fact]
    public async Task Disposal_fails_the_rows_that_wait_and_stops_the_clock()
    {
        var clock = new ManualClock();
        var fixture = new BatcherFixture(clock: clock, configure: options =>
        {
            options.MaxDelay = TimeSpan.FromSeconds(2);
            options.MaxQueue = 1;
            options.RejectWhenFull = false;
        });
        Task<int> waiting = fixture.Call(1);
        fixture.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => fixture.Call(2));
        Assert.True(clock.AlarmIsDisposed);
    }

    [Fact]
    public void A_list_is_run_in_batches_on_the_calling_thread()
    {
        using var fixture = new BatcherFixture(configure: options => options.MaxBatchSize = 2);
        Assert.Equal([10, 20, 30], fixture.Batcher.Run([1, 2, 3], CancellationToken.None));
        Assert.Equal([[1, 2], [3]], fixture.Runner.Runs);
        Assert.All(fixture.Runner.Threads, thread => Assert.Equal(Environment.CurrentManagedThreadId, thread));
    }

    [Fact]
    public void A_list_of_rows_of_different_sizes_is_run_in_groups_and_answered_in_order()
    {
        using var fixture = new BatcherFixture(new FakeRunner { IgnoresSizes = false });
        Assert.Equal([10, 120, 210, 220], fixture.Batcher.Run([1, 12, 21, 22], CancellationToken.None));
        Assert.Equal([[1, 21], [12, 22]], fixture.Runner.Runs);
    }

    [Fact]
    public void A_long_list_of_rows_of_different_sizes_is_answered_in_order()
    {
        using var fixture = new BatcherFixture(new FakeRunner { IgnoresSizes = false });
        int[] rows = [.. Enumerable.Range(0, 10_000)];
        Assert.Equal(rows.Select(row => row * 10), fixture.Batcher.Run(rows, CancellationToken.None));
    }

    [Fact]
    public void An_empty_list_has_no_answers()
    {
        using var fixture = new BatcherFixture();
        Assert.Empty(fixture.Batcher.Run([], CancellationToken.None));
    }
}
