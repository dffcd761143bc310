using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace Torch2DotNet.Benchmarks;

/// <summary>What many models in one process took.</summary>
internal sealed record PoolCost(int Threads, long WorkingSet, double MedianMilliseconds, double P99Milliseconds, double CallsPerSecond, double ProcessorSeconds);

/// <summary>Many models in one program, each with threads of its own or all with the program's pool; for pools.py.</summary>
internal static class Pools
{
    private const int Rows = 64;

    /// <param name="kind">own or global.</param>
    /// <param name="models">Number of models.</param>
    /// <param name="threads">Of each model, or of the pool.</param>
    /// <param name="spins">Whether threads that wait spin.</param>
    /// <param name="callers">Callers at a time; each calls one model after the other.</param>
    /// <param name="seconds">Time of the measurement.</param>
    public static PoolCost Measure(string kind, int models, int threads, bool spins, int callers, double seconds)
    {
        bool isGlobal = kind == "global";
        if (isGlobal)
        {
            MakePool(threads, spins);
        }

        Digits[] loaded = [.. Enumerable.Range(0, models).Select(_ => Digits.Load(new DigitsOptions
        {
            IntraOpNumThreads = threads,
            UseGlobalThreadPool = isGlobal,
            MaxBatchSize = Rows,
            ConfigureSession = session => session.AddSessionConfigEntry("session.intra_op.allow_spinning", spins ? "1" : "0"),
        }))];
        List<double>[] times = [.. Enumerable.Range(0, callers).Select(_ => new List<double>())];
        Call(loaded, times, 0.2);
        Array.ForEach(times, list => list.Clear());
        int threadsNow = Process.GetCurrentProcess().Threads.Count;
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        var clock = Stopwatch.StartNew();
        Call(loaded, times, seconds);
        double elapsed = clock.Elapsed.TotalSeconds;
        double used = (Environment.CpuUsage.TotalTime - processor).TotalSeconds;
        double[] all = [.. times.SelectMany(list => list).Order()];
        var cost = new PoolCost(
            threadsNow, Environment.WorkingSet, all[all.Length / 2], all[all.Length * 99 / 100], all.Length / elapsed, used / all.Length);
        Array.ForEach(loaded, model => model.Dispose());
        return cost;
    }

    private static void MakePool(int threads, bool spins)
    {
        using var options = new OrtThreadingOptions { GlobalIntraOpNumThreads = threads, GlobalInterOpNumThreads = 1, GlobalSpinControl = spins };
        var creation = new EnvironmentCreationOptions { logId = "pools", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_WARNING, threadOptions = options };
        OrtEnv.CreateInstanceWithOptions(ref creation);
    }

    private static void Call(Digits[] models, List<double>[] times, double seconds)
    {
        var clock = Stopwatch.StartNew();
        Thread[] callers = [.. times.Select((list, caller) => new Thread(() =>
        {
            var values = new float[Digits.PixelsLength * Rows];
            for (int i = caller; clock.Elapsed.TotalSeconds < seconds; i++)
            {
                long start = Stopwatch.GetTimestamp();
                models[i % models.Length].Run(values, Rows);
                list.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }))];
        Array.ForEach(callers, caller => caller.Start());
        Array.ForEach(callers, caller => caller.Join());
    }
}
