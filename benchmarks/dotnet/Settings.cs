using Microsoft.ML.OnnxRuntime;

namespace Torch2DotNet.Benchmarks;

/// <summary>Bound buffers, of one row and of 64, on sessions with other settings; for sessions.py.</summary>
internal static class Settings
{
    private static readonly Dictionary<string, Action<SessionOptions>> All = new()
    {
        ["onnxruntime's defaults"] = session => session.EnableMemoryPattern = true,
        ["memory pattern off"] = session => session.EnableMemoryPattern = false,
        ["arena off"] = session =>
        {
            session.EnableMemoryPattern = true;
            session.EnableCpuMemArena = false;
        },
        ["pattern and arena off"] = session =>
        {
            session.EnableMemoryPattern = false;
            session.EnableCpuMemArena = false;
        },
        ["2 threads"] = session => session.IntraOpNumThreads = 2,
        ["2 threads, no spinning"] = session =>
        {
            session.IntraOpNumThreads = 2;
            session.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        },
    };

    /// <summary>Setting and rows -> what a row took, measured in turns with the other settings that are named.</summary>
    public static Dictionary<string, Cost> Measure(string model, int rounds, IEnumerable<string> names)
    {
        var owned = new Stack<IDisposable>();
        try
        {
            List<Method> methods = [.. names.SelectMany(name => Methods(model, name, owned))];
            return Turns.Measure(methods, rounds, TimeSpan.FromMilliseconds(0.3));
        }
        finally
        {
            while (owned.TryPop(out IDisposable? part))
            {
                part.Dispose();
            }
        }
    }

    /// <summary>Resident bytes of the process before one run of many rows, and after it.</summary>
    public static long[] MeasureArena(bool isOn, int rows)
    {
        using var model = Digits.Load(new DigitsOptions { IntraOpNumThreads = 1, MaxBatchSize = rows, ConfigureSession = session => session.EnableCpuMemArena = isOn });
        model.Run(new float[Digits.PixelsLength], 1);
        long before = Environment.WorkingSet;
        model.Run(new float[Digits.PixelsLength * rows], rows);
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return [before, Environment.WorkingSet];
    }

    private static IEnumerable<Method> Methods(string model, string name, Stack<IDisposable> owned)
    {
        foreach (int rows in new[] { 1, 64 })
        {
            Action run;
            if (model == "linear")
            {
                Linear linear = Linear.Load(new LinearOptions { IntraOpNumThreads = 1, ConfigureSession = All[name] });
                LinearBuffers buffers = linear.CreateBuffers(rows);
                owned.Push(linear);
                owned.Push(buffers);
                run = buffers.Run;
            }
            else
            {
                Digits digits = Digits.Load(new DigitsOptions { IntraOpNumThreads = 1, ConfigureSession = All[name] });
                DigitsBuffers buffers = digits.CreateBuffers(rows);
                owned.Push(digits);
                owned.Push(buffers);
                run = buffers.Run;
            }

            yield return new Method($"{name}, {rows}", rows, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    run();
                }
            });
        }
    }
}
