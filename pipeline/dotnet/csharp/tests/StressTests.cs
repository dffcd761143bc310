namespace TheNamespace.Tests;

using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

public sealed class StressTests
{
    private const int Callers = 16;

    private readonly float[][] _rows;
    private readonly TheModelOutput[] _expected;

    public StressTests()
    {
        var random = new Random(1);
        _rows = [.. Enumerable.Range(0, 64).Select(_ => new[] { random.NextSingle(), random.NextSingle(), random.NextSingle(), random.NextSingle() })];
        using TheModel model = TheModel.Load();
        _expected = [.. _rows.Select(row => model.Run(row))];
    }

    [Theory]
    [InlineData(1, 32, 0)]
    [InlineData(2, 3, 0)]
    [InlineData(4, 32, 0)]
    [InlineData(1, 8, 1)]
    [InlineData(2, 1, 1)]
    public async Task Concurrent_callers_get_their_own_answers_or_their_own_cancellation(int concurrency, int batch, int delay)
    {
        await using TheModel model = TheModel.Load(new TheModelOptions
        {
            IntraOpNumThreads = 1,
            MaxConcurrency = concurrency,
            MaxBatchSize = batch,
            MaxDelay = TimeSpan.FromMilliseconds(delay),
            MaxQueue = 8,
        });
        int[] completed = await Task.WhenAll(Enumerable.Range(0, Callers).Select(seed => Task.Run(() => Call(model, seed, delay == 0 ? 300 : 30))))
            .WaitAsync(TestLimits.Time, TestLimits.Token);
        Assert.True(completed.Sum() > 0);
    }

    [Fact]
    public async Task A_model_that_is_disposed_under_load_gives_answers_or_says_that_it_is_disposed()
    {
        for (int round = 0; round < 10; round++)
        {
            TheModel model = TheModel.Load(new TheModelOptions { IntraOpNumThreads = 1 });
            Task[] callers = [.. Enumerable.Range(0, 8).Select(caller => Task.Run(() => CallUntilDisposed(model, _rows[caller])))];
            await Task.Delay(10, TestLimits.Token);
            await model.DisposeAsync();
            await Task.WhenAll(callers).WaitAsync(TestLimits.Time, TestLimits.Token);
        }
    }

    /// <returns>How many calls were answered.</returns>
    private async Task<int> Call(TheModel model, int seed, int calls)
    {
        var random = new Random(seed);
        int completed = 0;
        for (int i = 0; i < calls; i++)
        {
            int row = random.Next(_rows.Length);
            using var source = new CancellationTokenSource();
            bool cancel = random.Next(3) == 0;
            Task<TheModelOutput> call = model.RunAsync(_rows[row], cancel || random.Next(2) == 0 ? source.Token : default);
            if (cancel)
            {
                await source.CancelAsync();
            }

            try
            {
                TheModelOutput output = await call;
                Assert.Equal(_expected[row].Label, output.Label);
                Assert.All(output.Scores.Zip(_expected[row].Scores), pair => Assert.Equal(pair.Second, pair.First, 1e-5f));
                completed++;
            }
            catch (OperationCanceledException error)
            {
                Assert.True(cancel);
                Assert.Equal(source.Token, error.CancellationToken);
            }
        }

        return completed;
    }

    private async Task CallUntilDisposed(TheModel model, float[] row)
    {
        try
        {
            while (true)
            {
                model.Run(row);
                await model.RunAsync(row);
                using TheModelBuffers buffers = model.CreateBuffers(2);
                buffers.Run();
                model.Run(_rows);
            }
        }
        catch (ObjectDisposedException)
        {
        }
    }
}
