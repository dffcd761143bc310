namespace Torch2DotNet.Benchmarks;

/// <summary>Memory after a number of calls.</summary>
/// <param name="Calls">Calls until then.</param>
/// <param name="Managed">Bytes of objects that are alive.</param>
/// <param name="Committed">Bytes that the garbage collector holds for objects.</param>
/// <param name="Resident">Bytes of the process.</param>
internal sealed record Memory(int Calls, long Managed, long Committed, long Resident);

/// <summary>Whether RunAsync keeps memory: what the process has after each tenth of the calls, collected; for growth.py.</summary>
internal static class Growth
{
    private const int Callers = 16;

    public static List<Memory> Measure(int calls)
    {
        using Linear model = Linear.Load(new LinearOptions { IntraOpNumThreads = 1 });
        float[] row = new float[Linear.InputLength];
        var memory = new List<Memory>();
        for (int tenth = 0; tenth <= 10; tenth++)
        {
            if (tenth > 0)
            {
                Task.WaitAll([.. Enumerable.Range(0, Callers).Select(_ => Task.Run(() => CallAsync(model, row, calls / 10 / Callers)))]);
            }

            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
            memory.Add(new Memory(calls / 10 * tenth, GC.GetGCMemoryInfo().HeapSizeBytes, GC.GetGCMemoryInfo().TotalCommittedBytes, Environment.WorkingSet));
        }

        return memory;
    }

    private static async Task CallAsync(Linear model, float[] row, int calls)
    {
        for (int i = 0; i < calls; i++)
        {
            await model.RunAsync(row).ConfigureAwait(false);
        }
    }
}
