#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using Microsoft.ML.OnnxRuntime;

/// <summary>What every part of a client needs of the model: its session, its lifetime, and how it was asked to run.</summary>
internal sealed class LoadedModel : IDisposable
{
    private readonly LoadedSession _loaded;
    private readonly List<IDisposable> _stoppedFirst = [];
    private readonly List<IDisposable> _freedLast = [];

    internal LoadedModel(LoadedSession loaded, TheModelOptions options)
    {
        _loaded = loaded;
        Options = options;
        ValidateInputs = options.ValidateInputs;
        Lifetime = new Lifetime(Free);
    }

    internal InferenceSession Session => _loaded.Session;

    internal TheModelDiagnostics Diagnostics => _loaded.Diagnostics;

    internal TheModelOptions Options { get; }

    internal bool ValidateInputs { get; }

    internal Lifetime Lifetime { get; }

    /// <summary>What precedes every run until it has set itself to null: the self-test, where it was asked for.</summary>
    internal Action? FirstUse { get; set; }

    /// <summary>The options, or the defaults.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    internal static TheModelOptions Checked(TheModelOptions? options)
    {
        options ??= new TheModelOptions();
        IReadOnlyList<string> failures = options.Failures();
        return failures.Count == 0 ? options : throw new ArgumentException(string.Join(" ", failures), nameof(options));
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

    internal ValueTask DisposeAsync()
    {
        Dispose();
        return new ValueTask(Lifetime.Freed);
    }

    private void Free()
    {
        _freedLast.ForEach(part => part.Dispose());
        _loaded.Release();
    }
}
