using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TheNamespace;

/// <summary>
/// The program of <see cref="TheNamespace.Tests.ProcessEndTests"/>: .NET calls it before <c>Main</c> where DOTNET_STARTUP_HOOKS names this
/// assembly. It ends the process while threads run the model in every way.
/// </summary>
#pragma warning disable CA1050 // .NET looks for this very name, without a namespace.
public static class StartupHook
#pragma warning restore CA1050
{
    public static void Initialize()
    {
        TheModel model = TheModel.Load(new TheModelOptions { IntraOpNumThreads = 2, MaxConcurrency = 2 });
        float[] row = [1f, 2f, 3f, 4f];
        float[][] rows = [.. Enumerable.Repeat(row, 200000)];
        TheModelBuffers buffers = model.CreateBuffers(200000);
        Repeat(() => model.Run(row));
        Repeat(() => model.Run(rows));
        Repeat(buffers.Run);
        Repeat(() => model.RunAsync(row).Wait());
        Thread.Sleep(150);
        Environment.Exit(0);
    }

    private static void Repeat(Action run)
    {
        new Thread(() =>
        {
            try
            {
                while (true)
                {
                    run();
                }
            }
            catch (Exception error) when ((error as AggregateException)?.InnerException is ObjectDisposedException || error is ObjectDisposedException)
            {
                // Refused.
            }
        })
        { IsBackground = true }.Start();
    }
}
