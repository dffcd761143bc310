#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Threading;
using System.Threading.Tasks;

/// <summary>A row that waits for its run, or is in one, and its caller's task.</summary>
/// <typeparam name="TRow">A row of the inputs.</typeparam>
/// <typeparam name="TOutput">A row of the outputs.</typeparam>
internal sealed class WaitingRow<TRow, TOutput> : TaskCompletionSource<TOutput>
{
    private CancellationTokenRegistration _registration;
    private bool _isCounted;

    internal WaitingRow(TRow row, CancellationToken cancellationToken)
        : base(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        Row = row;
        CancellationToken = cancellationToken;
    }

    internal TRow Row { get; }

    internal CancellationToken CancellationToken { get; }

    /// <summary>The queue in which it stands, and its neighbours there.</summary>
    internal RowQueue<TRow, TOutput>? Queue { get; set; }

    internal WaitingRow<TRow, TOutput>? Next { get; set; }

    internal WaitingRow<TRow, TOutput>? Previous { get; set; }

    /// <summary>The run in which it is; null before it, and afterwards.</summary>
    internal Batch<TRow, TOutput>? Batch { get; set; }

    /// <summary>Whether its caller has gone.</summary>
    internal bool IsCancelled { get; set; }

    internal TimeSpan QueuedAt { get; set; }

    /// <summary>For telemetry: with how many rows it was run.</summary>
    internal int BatchSize { get; set; }

    /// <summary>For telemetry: whether the time in the queue is wanted.</summary>
    internal bool IsTimed { get; set; }

    /// <summary>Calls back when the caller's token is cancelled, at once if it is; to be called before the row is queued.</summary>
    internal void Watch(Action<object?> cancel)
    {
#if NET
        _registration = CancellationToken.UnsafeRegister(cancel, this);
#else
        _registration = CancellationToken.Register(cancel, this, useSynchronizationContext: false);
#endif
    }

    /// <summary>Answers the caller. Not to be called under the lock that the callback takes: this may wait for it.</summary>
    internal void Complete(TOutput output)
    {
        _registration.Dispose();
        TrySetResult(output);
    }

    /// <inheritdoc cref="Complete(TOutput)"/>
    internal void Fail(Exception error)
    {
        _registration.Dispose();
        if (error is OperationCanceledException && CancellationToken.IsCancellationRequested)
        {
            TrySetCanceled(CancellationToken);
        }
        else
        {
            TrySetException(error);
        }
    }

    /// <summary>For telemetry: the queue is longer by this row. A listener who comes later sees no row leave that it has not seen come.</summary>
    internal void Count()
    {
        _isCounted = true;
        Telemetry.ChangeQueue(1);
    }

    internal void Uncount()
    {
        if (_isCounted)
        {
            _isCounted = false;
            Telemetry.ChangeQueue(-1);
        }
    }
}
