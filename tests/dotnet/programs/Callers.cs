/// <summary>Shared by the programs of the tests.</summary>
internal static class Callers
{
    private const int Count = 32;

    /// <summary>Concurrent callers of RunAsync with random rows, who cancel one call in three and check every output.</summary>
    /// <param name="rows">Number of rows to choose from.</param>
    /// <param name="calls">Number of calls of each caller.</param>
    /// <param name="run">Runs the model on the row with this index.</param>
    /// <param name="isRight">Whether the output is that of the row with this index.</param>
    /// <returns>Summary of the calls: how many had a wrong output, how many neither completed nor were canceled, whether some completed.</returns>
    public static async Task<string> RunAsync<TOutput>(
        int rows, int calls, Func<int, CancellationToken, Task<TOutput>> run, Func<TOutput, int, bool> isRight)
    {
        int completed = 0, canceled = 0, wrong = 0;
        async Task Caller(int seed)
        {
            var random = new Random(seed);
            for (int i = 0; i < calls; i++)
            {
                int row = random.Next(rows);
                using var source = new CancellationTokenSource();
                bool cancel = random.Next(3) == 0;
                Task<TOutput> task = run(row, cancel ? source.Token : default);
                if (cancel)
                {
                    source.Cancel();
                }

                try
                {
                    if (!isRight(await task, row))
                    {
                        Interlocked.Increment(ref wrong);
                    }

                    Interlocked.Increment(ref completed);
                }
                catch (OperationCanceledException)
                {
                    Interlocked.Increment(ref canceled);
                }
            }
        }

        Task all = Task.WhenAll(Enumerable.Range(0, Count).Select(seed => Task.Run(() => Caller(seed))));
        if (await Task.WhenAny(all, Task.Delay(60_000)) != all)
        {
            throw new TimeoutException("a row stayed in the queue");
        }

        await all;
        return $"wrong {wrong}, missing {(Count * calls) - completed - canceled}, some {completed > 0}";
    }
}
