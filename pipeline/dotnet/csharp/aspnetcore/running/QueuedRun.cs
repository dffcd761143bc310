#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Diagnostics.CodeAnalysis;
using System.Threading;
using System.Threading.Tasks;

/// <summary>A run that waits for its turn, and who waits for it.</summary>
internal sealed class QueuedRun
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private readonly Action _run;
    private readonly CancellationToken _cancellationToken;
    private Exception? _error;

    internal QueuedRun(Action run, int rows, CancellationToken cancellationToken)
    {
        _run = run;
        Rows = rows;
        _cancellationToken = cancellationToken;
    }

    internal int Rows { get; }

    internal Task Task => _completion.Task;

    /// <summary>Runs it, in the context of who waits: its activity is the parent of the run's.</summary>
    /// <returns>Whether it has succeeded.</returns>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whoever waits for the run is told, whatever it is.")]
    internal bool TryExecute()
    {
        try
        {
            _cancellationToken.ThrowIfCancellationRequested();
            if (_context is null)
            {
                _run();
            }
            else
            {
                ExecutionContext.Run(_context, static run => ((Action)run!)(), _run);
            }

            return true;
        }
        catch (Exception error)
        {
            _error = error;
            return false;
        }
    }

    /// <summary>Tells who waits.</summary>
    internal void Complete()
    {
        if (_error is null)
        {
            _completion.SetResult();
        }
        else if (_error is OperationCanceledException cancelled && _cancellationToken.IsCancellationRequested)
        {
            _completion.SetCanceled(cancelled.CancellationToken);
        }
        else
        {
            _completion.SetException(_error);
        }
    }
}
