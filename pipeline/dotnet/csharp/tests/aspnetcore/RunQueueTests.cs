namespace TheNamespace.Tests;

using System;
using System.Linq;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.DependencyInjection;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class RunQueueTests(EndpointHost host) : IDisposable
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(1);

    private readonly ManualResetEventSlim _open = new();
    private readonly SemaphoreSlim _begun = new(0);
    private readonly ConcurrentQueue<int> _order = new();

    [Fact]
    public async Task Runs_wait_in_their_order_for_the_one_in_progress()
    {
        RunQueue queue = CreateQueue(maxQueue: 8);
        Task first = await BlockAsync(queue);
        Task[] others = Array.ConvertAll([1, 2, 3], number => queue.RunAsync(() => _order.Enqueue(number), 1, MaxWait, CancellationToken.None));
        Assert.All(others, task => Assert.False(task.IsCompleted));
        _open.Set();
        await Task.WhenAll([first, .. others]).WaitAsync(TestLimits.Time, TestLimits.Token);
        Assert.Equal([1, 2, 3], _order);
    }

    [Fact]
    public async Task A_run_for_which_there_is_no_room_is_refused_at_once()
    {
        RunQueue queue = CreateQueue(maxQueue: 2);
        Task first = await BlockAsync(queue);
        Task second = queue.RunAsync(() => { }, 2, MaxWait, CancellationToken.None);
        TheModelQueueFullException error = await Assert.ThrowsAsync<TheModelQueueFullException>(
            () => queue.RunAsync(() => { }, 1, MaxWait, CancellationToken.None));
        Assert.Equal("Expected at most 2 rows in the queue, got one more: send fewer requests, or raise TheModelOptions.MaxQueue.", error.Message);
        Assert.Equal(error.Message, queue.Refusal(MaxWait));
        _open.Set();
        await Task.WhenAll(first, second).WaitAsync(TestLimits.Time, TestLimits.Token);
        Assert.Null(queue.Refusal(MaxWait));
    }

    [Fact]
    public async Task A_run_that_would_wait_too_long_is_refused_by_what_others_took()
    {
        RunQueue queue = CreateQueue(maxQueue: 100);
        queue.End(Stopwatch.GetTimestamp() - (2 * Stopwatch.Frequency), rows: 1);
        Assert.False(queue.IsQuick(1));
        Task first = await BlockAsync(queue);
        Task second = queue.RunAsync(() => { }, 1, MaxWait, CancellationToken.None);
        TheModelQueueFullException error = await Assert.ThrowsAsync<TheModelQueueFullException>(
            () => queue.RunAsync(() => { }, 1, MaxWait, CancellationToken.None));
        Assert.StartsWith("Expected a wait of at most 1 s, got 1 rows before this request, which take about 2", error.Message, StringComparison.Ordinal);
        Task patient = queue.RunAsync(() => { }, 1, maxWait: null, CancellationToken.None);
        _open.Set();
        await Task.WhenAll(first, second, patient).WaitAsync(TestLimits.Time, TestLimits.Token);
    }

    [Fact]
    public async Task A_run_whose_caller_has_gone_is_passed_over()
    {
        RunQueue queue = CreateQueue(maxQueue: 8);
        Task first = await BlockAsync(queue);
        using var gone = new CancellationTokenSource();
        Task second = queue.RunAsync(() => _order.Enqueue(1), 1, MaxWait, gone.Token);
        await gone.CancelAsync();
        _open.Set();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WaitAsync(TestLimits.Time));
        await first;
        Assert.Empty(_order);
    }

    [Fact]
    public async Task What_a_run_throws_reaches_who_waits_for_it_and_the_next_one_runs()
    {
        RunQueue queue = CreateQueue(maxQueue: 8);
        await Assert.ThrowsAsync<TheModelException>(() => queue.RunAsync(() => throw new TheModelException("failed"), 1, MaxWait, CancellationToken.None));
        await queue.RunAsync(() => _order.Enqueue(1), 1, MaxWait, CancellationToken.None).WaitAsync(TestLimits.Time, TestLimits.Token);
        Assert.Equal([1], _order);
    }

    [Fact]
    public async Task A_run_keeps_the_context_of_who_waits()
    {
        RunQueue queue = CreateQueue(maxQueue: 8);
        Task first = await BlockAsync(queue);
        using Activity request = new Activity("request").Start();
        string? seen = null;
        Task second = queue.RunAsync(() => seen = Activity.Current?.Id, 1, MaxWait, CancellationToken.None);
        _open.Set();
        await Task.WhenAll(first, second).WaitAsync(TestLimits.Time, TestLimits.Token);
        Assert.Equal(request.Id, seen);
    }

    [Fact]
    public async Task A_service_sheds_while_it_is_busy_answers_what_it_took_and_recovers()
    {
        RunQueue queue = RunQueue.Of(host.Services.GetRequiredKeyedService<TheModel>("busy"));
        (await host.PostAsync("/busy", EndpointHost.Row)).Dispose();
        Task first = await BlockAsync(queue);

        // As if rows had taken minutes, so that they wait for their turn.
        queue.End(1, rows: 1);
        Task<HttpResponseMessage> taken = host.PostAsync("/busy", EndpointHost.Row);
        while (queue.Refusal(MaxWait) is null)
        {
            await Task.Delay(1, TestLimits.Token);
        }

        using HttpResponseMessage shed = await host.PostAsync("/busy", EndpointHost.Row);
        await EndpointHost.ReadProblemAsync(shed, 503);
        Assert.NotNull(shed.Headers.RetryAfter);
        Assert.False(taken.IsCompleted);
        _open.Set();
        Assert.Equal(200, (int)(await taken).StatusCode);
        using HttpResponseMessage after = await host.PostAsync("/busy", EndpointHost.Row);
        Assert.Equal(200, (int)after.StatusCode);
        await first;
    }

    [Fact]
    public void Rows_that_wait_in_the_queue_of_RunAsync_are_counted()
    {
        var rows = new SubmittedRows();
        var options = new TheModelOptions { MaxConcurrency = 1, MaxBatchSize = 2, MaxQueue = 1 };
        long[] tickets = [rows.Enter(options, MaxWait), rows.Enter(options, MaxWait), rows.Enter(options, MaxWait)];
        TheModelQueueFullException error = Assert.Throws<TheModelQueueFullException>(() => rows.Enter(options, MaxWait));
        Assert.Equal(
            "Expected at most 1 rows in the queue and a wait of at most 1 s, got 3 rows before this one: send fewer requests, or raise TheModelOptions.MaxQueue or TheModelEndpointOptions.MaxWait.",
            error.Message);
        rows.Leave(tickets[0]);
        rows.Enter(options, MaxWait);
    }

    [Fact]
    public void A_row_that_would_wait_too_long_is_refused_once_the_runs_are_full()
    {
        var rows = new SubmittedRows();
        var options = new TheModelOptions { MaxConcurrency = 1, MaxBatchSize = 1, MaxQueue = 100 };
        rows.Enter(options, MaxWait);
        rows.Leave(Stopwatch.GetTimestamp() - (2 * Stopwatch.Frequency));
        rows.Enter(options, MaxWait);
        Assert.Throws<TheModelQueueFullException>(() => rows.Enter(options, MaxWait));
    }

    public void Dispose()
    {
        _open.Set();
        _begun.Dispose();
    }

    [Theory]
    [InlineData(0.000002, false)]
    [InlineData(0.0005, true)]
    [InlineData(0.05, false)]
    public void Batches_gain_where_a_run_is_neither_quick_nor_long(double seconds, bool gains)
    {
        RunQueue queue = CreateQueue(maxQueue: 8);
        Assert.False(queue.GainsFromBatches());
        queue.End(Stopwatch.GetTimestamp() - (long)(seconds * Stopwatch.Frequency), 1);
        Assert.Equal(gains, Enumerable.Range(0, 16).Count(_ => queue.GainsFromBatches()) >= 15);
        Assert.True(Enumerable.Range(0, 16).Count(_ => queue.GainsFromBatches()) <= 15, "One call in sixteen is left to be measured for itself.");
    }

    private static RunQueue CreateQueue(int maxQueue)
    {
        return new RunQueue(new TheModelOptions { MaxConcurrency = 1, MaxQueue = maxQueue });
    }

    /// <summary>Occupies the only run until the test opens it.</summary>
    private async Task<Task> BlockAsync(RunQueue queue)
    {
        var run = Task.Run(() => queue.RunAsync(
            () =>
            {
                _begun.Release();
                _open.Wait(TestLimits.Time);
            },
            0,
            MaxWait,
            CancellationToken.None));
        await _begun.WaitAsync(TestLimits.Token);
        return run;
    }
}
