#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;

/// <summary>
/// Lets a process end in peace: onnxruntime's native library prints errors, or crashes, when a thread still runs a model while it is torn down.
/// At the end new calls are refused, and runs in progress awaited, for a second at most.
/// </summary>
internal static class ProcessEnd
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly object Lock = new();
    private static readonly WeakSet<LoadedModel> Models = new();
    private static int _watched;

    /// <returns>What <see cref="Forget"/> takes.</returns>
    internal static WeakReference<LoadedModel> Watch(LoadedModel model)
    {
        lock (Lock)
        {
            // Only while there are models: a plug-in that has disposed its own can be unloaded.
            if (_watched++ == 0)
            {
                AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
            }

            return Models.Add(model);
        }
    }

    internal static void Forget(WeakReference<LoadedModel> model)
    {
        lock (Lock)
        {
            Models.Remove(model);
            if (--_watched == 0)
            {
                AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
            }
        }
    }

    /// <summary>Refuses new calls, and waits for the runs in progress.</summary>
    internal static void End(IReadOnlyList<LoadedModel> models, TimeSpan patience)
    {
        foreach (LoadedModel model in models)
        {
            model.Lifetime.EndWithProcess();
        }

        var waited = Stopwatch.StartNew();
        foreach (LoadedModel model in models)
        {
            while (model.IsRunning && waited.Elapsed < patience)
            {
                Thread.Sleep(1);
            }
        }
    }

    private static void OnProcessExit(object? sender, EventArgs arguments)
    {
        End(Models.ToList(), Patience);
    }
}
