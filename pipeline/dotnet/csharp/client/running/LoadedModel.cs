#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.ML.OnnxRuntime;

/// <summary>What every part of a client needs of the model: its session, its lifetime, and how it was asked to run.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly LoadedSession _loaded;
    private readonly List<IDisposable> _stoppedFirst = [];
    private readonly List<IDisposable> _freedLast = [];
    private readonly WeakReference<LoadedModel> _entry;

    internal LoadedModel(LoadedSession loaded, TheModelOptions options)
    {
        _loaded = loaded;
        Options = options;
        ValidateInputs = options.ValidateInputs;
        Stoppers = new Pool<RunStopper>(options.MaxConcurrency, () => new RunStopper());
        Lifetime = new Lifetime(Free);
        _entry = ProcessEnd.Watch(this);
    }

    /// <summary>
    /// Called before the first run, once, on its thread: by the self-test of <see cref="TheModelSelfTest.OnFirstUse"/>. A
    /// <see cref="TheModelSelfTestException"/> that it throws reaches every run from then on. To be set before the model is given away.
    /// </summary>
    internal Action FirstUse
    {
        set => Lifetime.PrepareFirstUse(value);
    }

    internal InferenceSession Session => _loaded.Session;

    internal TheModelDiagnostics Diagnostics => _loaded.Diagnostics;

    internal TheModelOptions Options { get; }

    internal bool ValidateInputs { get; }

    internal Lifetime Lifetime { get; }

    /// <summary>The options of onnxruntime's runs, which a run has for itself.</summary>
    internal Pool<RunStopper> Stoppers { get; }

    /// <summary>The buffers that callers keep.</summary>
    internal WeakSet<BoundRun> Buffers { get; } = new();

    /// <summary>Whether a run is in progress.</summary>
    internal bool IsRunning => Lifetime.IsInUse || Buffers.ToList().Exists(run => run.IsRunning);

    /// <summary>The options, or the defaults.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    internal static TheModelOptions Checked(TheModelOptions? options)
    {
        options ??= new TheModelOptions();
        IReadOnlyList<string> failures = options.Failures();
        return failures.Count == 0 ? options : throw new ArgumentException(string.Join(" ", failures), nameof(options));
    }

    /// <summary>What a caller is told of a run that failed.</summary>
    internal static Exception Failure(OnnxRuntimeException error, CancellationToken cancellationToken)
    {
        return cancellationToken.IsCancellationRequested
            ? new OperationCanceledException("The run was cancelled.", error, cancellationToken)
            : new TheModelException("onnxruntime could not run the model: " + error.Message, error);
    }

    /// <summary>Notes what ends with the model.</summary>
    /// <param name="stoppedFirst">Is disposed when the model is, while runs are in progress.</param>
    /// <param name="freedLast">Is disposed after the last run.</param>
    internal void Own(IDisposable? stoppedFirst = null, IDisposable? freedLast = null)
    {
        if (stoppedFirst != null)
        {
            _stoppedFirst.Add(stoppedFirst);
        }

        if (freedLast != null)
        {
            _freedLast.Add(freedLast);
        }
    }

    public void Dispose()
    {
        if (Lifetime.TryEnd())
        {
            _stoppedFirst.ForEach(part => part.Dispose());
            Lifetime.Leave();
        }
    }

    /// <summary>As <see cref="Dispose"/>, and waits for the runs in progress; not for callers who keep buffers that do not run.</summary>
    internal async ValueTask DisposeAsync()
    {
        Dispose();
        await Lifetime.RunsEnded.ConfigureAwait(false);
        while (IsRunning)
        {
            await Task.Delay(1).ConfigureAwait(false);
        }
    }

    private void Free()
    {
        ProcessEnd.Forget(_entry);
        _freedLast.ForEach(part => part.Dispose());
        Stoppers.Dispose();
        _loaded.Release();
        Options.Log.Disposed();
    }
}
