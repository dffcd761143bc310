namespace TheNamespace.Tests;

using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

public sealed class RowStreamTests
{
    private int _read;
    private bool _closed;

    [Fact]
    public async Task Answers_come_in_the_order_of_the_rows()
    {
        using var fixture = new BatcherFixture(configure: options => options.MaxConcurrency = 4);
        int[] answers = await Collect(fixture.Batcher.RunAsync(Rows(500), CancellationToken.None));
        Assert.Equal(Enumerable.Range(0, 500).Select(row => row * 10), answers);
        Assert.True(_closed);
    }

    [Fact]
    public async Task No_more_rows_are_read_than_runs_can_take()
    {
        using var fixture = new BatcherFixture(configure: options =>
        {
            options.MaxConcurrency = 2;
            options.MaxBatchSize = 3;
        });
        fixture.Runner.Open.Reset();
        await using IAsyncEnumerator<int> answers = fixture.Batcher.RunAsync(Rows(100), CancellationToken.None).GetAsyncEnumerator(TestLimits.Token);
        Task<bool> first = answers.MoveNextAsync().AsTask();
        await fixture.Runner.Begun.WaitAsync(TestLimits.Token);
        Assert.False(first.IsCompleted);
        Assert.Equal(6, _read);
        fixture.Runner.Open.Set();
        Assert.True(await first);
    }

    [Fact]
    public async Task An_answer_does_not_wait_for_the_next_row()
    {
        using var fixture = new BatcherFixture();
        var next = new TaskCompletionSource<int>();
        await using IAsyncEnumerator<int> answers = fixture.Batcher.RunAsync(OneAnd(next.Task), CancellationToken.None).GetAsyncEnumerator(TestLimits.Token);
        Assert.True(await answers.MoveNextAsync());
        Assert.Equal(10, answers.Current);
        next.SetResult(2);
        Assert.True(await answers.MoveNextAsync());
        Assert.Equal(20, answers.Current);
    }

    [Fact]
    public async Task A_consumer_who_stops_ends_the_reading()
    {
        using var fixture = new BatcherFixture();
        await foreach (int answer in fixture.Batcher.RunAsync(Rows(1000), CancellationToken.None))
        {
            Assert.Equal(0, answer);
            break;
        }

        Assert.True(_closed);
        Assert.InRange(_read, 1, 999);
    }

    [Fact]
    public async Task A_cancelled_token_ends_the_reading_with_the_callers_token()
    {
        using var fixture = new BatcherFixture();
        fixture.Runner.Open.Reset();
        using var source = new CancellationTokenSource();
        Task<int[]> answers = Collect(fixture.Batcher.RunAsync(Rows(1000), source.Token));
        await fixture.Runner.Begun.WaitAsync(TestLimits.Token);
        await source.CancelAsync();
        OperationCanceledException error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answers);
        Assert.Equal(source.Token, error.CancellationToken);
        Assert.True(_closed);
    }

    [Fact]
    public async Task An_error_says_which_row_and_comes_after_the_answers_before_it()
    {
        using var fixture = new BatcherFixture();
        var answers = new List<int>();
        TheModelException error = await Assert.ThrowsAsync<TheModelException>(
            async () => await Collect(fixture.Batcher.RunAsync(Listed(1, 2, -3, 4), CancellationToken.None), answers));
        Assert.StartsWith("rows[2]: A negative row.", error.Message, StringComparison.Ordinal);
        Assert.Equal([10, 20], answers);
    }

    [Fact]
    public async Task A_row_that_is_rejected_is_named_and_comes_after_the_answers_before_it()
    {
        using TheModel model = TheModel.Load();
        int answered = 0;
        ArgumentException error = await Assert.ThrowsAsync<ArgumentException>(async () =>
        {
            await foreach (TheModelOutput output in model.RunAsync(Wrong(), TestLimits.Token))
            {
                answered++;
            }
        });
        Assert.Equal("features: expected 4 values (one row, row-major of shape [4]), got 3. (Parameter 'rows[1]')", error.Message);
        Assert.Equal(1, answered);
    }

    [Fact]
    public async Task What_the_source_throws_comes_after_the_answers_before_it()
    {
        using var fixture = new BatcherFixture();
        var answers = new List<int>();
        await Assert.ThrowsAsync<TimeoutException>(
            async () => await Collect(fixture.Batcher.RunAsync(OneAnd(Task.FromException<int>(new TimeoutException())), CancellationToken.None), answers));
        Assert.Equal([10], answers);
    }

    [Fact]
    public async Task Rows_of_a_stream_wait_for_room_even_when_callers_are_refused()
    {
        using var fixture = new BatcherFixture(configure: options =>
        {
            options.MaxQueue = 1;
            options.RejectWhenFull = true;
        });
        int[] answers = await Collect(fixture.Batcher.RunAsync(Rows(100), CancellationToken.None));
        Assert.Equal(100, answers.Length);
    }

    private static async IAsyncEnumerable<int> OneAnd(Task<int> next)
    {
        yield return 1;
        yield return await next;
    }

    private static async IAsyncEnumerable<float[]> Wrong()
    {
        await Task.Yield();
        yield return [1f, 2f, 3f, 4f];
        yield return [1f, 2f, 3f];
    }

    private static async IAsyncEnumerable<int> Listed(params int[] rows)
    {
        foreach (int row in rows)
        {
            await Task.Yield();
            yield return row;
        }
    }

    private static async Task<int[]> Collect(IAsyncEnumerable<int> answers, List<int>? collected = null)
    {
        collected ??= [];
        await foreach (int answer in answers)
        {
            collected.Add(answer);
        }

        return [.. collected];
    }

    private async IAsyncEnumerable<int> Rows(int count, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        try
        {
            for (int i = 0; i < count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                _read++;
                yield return i;
            }
        }
        finally
        {
            _closed = true;
            await Task.CompletedTask;
        }
    }
}
