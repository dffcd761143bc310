namespace TheNamespace.Tests;

using System;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class ProcessEndTests
{
    [Fact]
    public async Task A_process_that_ends_while_threads_run_the_model_ends_in_peace()
    {
        string tests = typeof(ProcessEndTests).Assembly.Location;
        var start = new ProcessStartInfo("dotnet", ["exec", tests]) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["DOTNET_STARTUP_HOOKS"] = tests;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestLimits.Token);
        string output = await process.StandardOutput.ReadToEndAsync(TestLimits.Token);
        await process.WaitForExitAsync(TestLimits.Token);
        Assert.Equal(string.Empty, output + await errors);
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public void At_the_end_of_the_process_calls_are_refused()
    {
        using TheModel model = TheModel.Load();
        using var owner = new LoadedModelOwner();
        using var buffers = new TheModelBuffers(owner.Model, 1, false);
        ProcessEnd.End([owner.Model], TimeSpan.Zero);
        Assert.Contains("process is ending", Assert.Throws<ObjectDisposedException>(owner.Model.Lifetime.Enter).Message, StringComparison.Ordinal);
        Assert.Throws<ObjectDisposedException>(buffers.Run);

        // Others are not.
        model.Run([1f, 2f, 3f, 4f]);
    }

    [Fact]
    public async Task The_end_of_the_process_waits_for_a_run_in_progress()
    {
        using var owner = new LoadedModelOwner();
        owner.Model.Lifetime.Enter();
        Task end = Task.Run(() => ProcessEnd.End([owner.Model], TestLimits.Time), TestLimits.Token);
        Assert.NotSame(end, await Task.WhenAny(end, Task.Delay(30, TestLimits.Token)));
        owner.Model.Lifetime.Leave();
        await end.WaitAsync(TestLimits.Time, TestLimits.Token);
    }

    [Fact]
    public void The_end_of_the_process_loses_its_patience()
    {
        using var owner = new LoadedModelOwner();
        owner.Model.Lifetime.Enter();
        var waited = Stopwatch.StartNew();
        ProcessEnd.End([owner.Model], TimeSpan.FromMilliseconds(30));
        Assert.InRange(waited.Elapsed, TimeSpan.FromMilliseconds(30), TestLimits.Time);
        owner.Model.Lifetime.Leave();
    }

    [Fact]
    public void Buffers_that_a_caller_keeps_are_no_run_in_progress()
    {
        using var owner = new LoadedModelOwner();
        using var buffers = new TheModelBuffers(owner.Model, 1, false);
        Assert.False(owner.Model.IsRunning);
    }

    [Fact]
    public void What_is_gone_is_forgotten()
    {
        var set = new WeakSet<object>();
        object kept = new();
        WeakReference<object> entry = set.Add(kept);
        Assert.Equal([kept], set.ToList());
        set.Remove(entry);
        Assert.Empty(set.ToList());
        AddThousand(set);
        GC.Collect();
        Assert.Empty(set.ToList());
        GC.KeepAlive(kept);
    }

    // Not inlined, so that no local of the test keeps the last one.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddThousand(WeakSet<object> set)
    {
        for (int i = 0; i < 1000; i++)
        {
            set.Add(new object());
        }
    }
}
