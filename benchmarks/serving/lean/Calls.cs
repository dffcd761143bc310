using System.Diagnostics;
using System.Globalization;

namespace Torch2DotNet.Benchmarks;

/// <summary>What the model itself costs: one call in a loop, on some threads at a time.</summary>
internal static class Calls
{
    /// <summary>Prints rows and seconds of the processors, after a tenth of the time for warming up.</summary>
    /// <param name="create">Makes the call of one thread.</param>
    /// <param name="threads">Threads that call.</param>
    /// <param name="seconds">How long.</param>
    public static void Print(Func<Action> create, int threads, double seconds)
    {
        long rows = 0;
        bool isMeasured = false;
        bool isOver = false;
        Thread[] callers = [.. Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            Action call = create();
            long own = 0;
            while (!Volatile.Read(ref isOver))
            {
                call();
                own += Volatile.Read(ref isMeasured) ? 1 : 0;
            }

            Interlocked.Add(ref rows, own);
        }))];
        Array.ForEach(callers, caller => caller.Start());
        Thread.Sleep(TimeSpan.FromSeconds(seconds * 0.3));
        using var process = Process.GetCurrentProcess();
        TimeSpan before = process.TotalProcessorTime;
        Volatile.Write(ref isMeasured, true);
        Thread.Sleep(TimeSpan.FromSeconds(seconds));
        process.Refresh();
        TimeSpan used = process.TotalProcessorTime - before;
        Volatile.Write(ref isOver, true);
        Array.ForEach(callers, caller => caller.Join());
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{{\"rows\": {rows}, \"seconds\": {used.TotalSeconds}}}"));
    }
}
