using System.Diagnostics;

namespace Torch2DotNet.Benchmarks;

/// <summary>A way to call a model.</summary>
/// <param name="Name">Its name in run.py.</param>
/// <param name="Rows">Rows of a call.</param>
/// <param name="Run">Makes a number of calls.</param>
internal sealed record Method(string Name, int Rows, Action<int> Run);

/// <summary>What a method took.</summary>
/// <param name="Nanoseconds">For one row, in each round.</param>
/// <param name="Bytes">Allocated for one row.</param>
internal sealed record Cost(double[] Nanoseconds, double Bytes);

/// <summary>
/// Measures methods in turns. A machine is never quiet for long: in each round every method runs for a fraction of a millisecond, in another order,
/// so that what disturbs one round disturbs all of them alike, and the ratio of two methods in one round is theirs.
/// </summary>
internal static class Turns
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromMilliseconds(400);

    /// <summary>Method -> what it took.</summary>
    public static Dictionary<string, Cost> Measure(IReadOnlyList<Method> methods, int rounds, TimeSpan turn)
    {
        int[] calls = [.. methods.Select(method => CountCalls(method, turn))];
        double[] bytes = [.. methods.Select((method, i) => CountBytes(method, Math.Min(1000, calls[i] * 20)))];
        double[][] nanoseconds = [.. methods.Select(_ => new double[rounds])];
        int[] order = [.. Enumerable.Range(0, methods.Count)];
        var random = new Random(1);
        for (int round = 0; round < rounds; round++)
        {
            random.Shuffle(order);
            foreach (int i in order)
            {
                long start = Stopwatch.GetTimestamp();
                methods[i].Run(calls[i]);
                nanoseconds[i][round] = Stopwatch.GetElapsedTime(start).TotalNanoseconds / calls[i] / methods[i].Rows;
            }
        }

        return methods.Select((method, i) => (method.Name, new Cost(nanoseconds[i], bytes[i]))).ToDictionary();
    }

    /// <summary>Runs a method until its code is compiled as far as it will be; how many calls fill a turn.</summary>
    private static int CountCalls(Method method, TimeSpan turn)
    {
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < 60 || clock.Elapsed < WarmUp; i++)
        {
            method.Run(2);
        }

        long fastest = long.MaxValue;
        for (int i = 0; i < 20; i++)
        {
            long start = Stopwatch.GetTimestamp();
            method.Run(5);
            fastest = Math.Min(fastest, Stopwatch.GetTimestamp() - start);
        }

        return Math.Max(1, (int)(turn.TotalSeconds * Stopwatch.Frequency * 5 / fastest));
    }

    private static double CountBytes(Method method, int calls)
    {
        // The least of a few: another thread of the runtime may allocate too.
        long least = long.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            method.Run(calls);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return (double)least / calls / method.Rows;
    }
}
