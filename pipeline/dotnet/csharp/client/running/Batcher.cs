#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;

/// <summary>
/// Micro-batching: runs the queued rows of concurrent callers together, on the thread pool. Every change of the state is followed by
/// <see cref="Schedule"/>, so that no row stays in the queue. While <see cref="TheModelOptions.MaxConcurrency"/> runs are in progress, rows
/// wait; a run that ends takes the next. With the queue full, rows wait behind it, in their order.
/// </summary>
/// <typeparam name="TRow">A row of the inputs.</typeparam>
/// <typeparam name="TOutput">A row of the outputs.</typeparam>
internal sealed class Batcher<TRow, TOutput> : IDisposable
#if NET
    , IThreadPoolWorkItem
#endif
{
    // Maximum number of queued rows that a search for equal sizes looks at, so that the lock is held only for microseconds.
    private const int MaxRowsSearched = 1024;

#if !NET
    private static readonly WaitCallback Drain = batcher => ((Batcher<TRow, TOutput>)batcher).Execute();
#endif

    private readonly object _lock = new();
    private readonly RowQueue<TRow, TOutput> _queue = new();
    private readonly RowQueue<TRow, TOutput> _outside = new();
    private readonly Stack<Batch<TRow, TOutput>> _idle = new();
    private readonly IBatchRunner<TRow, TOutput> _runner;
    private readonly LoadedModel _model;
    private readonly int _maxConcurrency;
    private readonly int _maxQueue;
    private readonly bool _rejectWhenFull;
    private readonly bool _runOnCallingThread;
    private readonly TimeSpan _maxDelay;
    private readonly Clock _clock;
    private readonly Clock.Alarm? _alarm;
    private readonly Action<object?> _cancel;
    private int _running;

    // Runs that the thread pool will begin, and that have no rows yet.
    private int _starting;
    private bool _disposed;

    internal Batcher(IBatchRunner<TRow, TOutput> runner, LoadedModel model, int maxBatchSize, Clock? clock = null)
    {
        _runner = runner;
        _model = model;
        MaxBatchSize = maxBatchSize;
        _maxConcurrency = model.Options.MaxConcurrency;
        _maxQueue = model.Options.MaxQueue;
        _rejectWhenFull = model.Options.RejectWhenFull;
        _runOnCallingThread = model.Options.RunOnCallingThread;
        _maxDelay = model.Options.MaxDelay;
        _cancel = waiting => Cancel((WaitingRow<TRow, TOutput>)waiting!);
        _clock = clock ?? Clock.System;
        if (_maxDelay > TimeSpan.Zero)
        {
            _alarm = _clock.CreateAlarm(OnAlarm);
        }
    }

    internal int MaxBatchSize { get; }

    /// <summary>A checked row, in a micro-batch with the rows of concurrent callers.</summary>
    /// <param name="row">The row.</param>
    /// <param name="cancellationToken">Ends the wait; the run too, where all who wait for it have gone.</param>
    internal Task<TOutput> RunAsync(TRow row, CancellationToken cancellationToken)
    {
        return Submit(row, _runOnCallingThread, _rejectWhenFull, cancellationToken);
    }

    /// <summary>Checked rows, in batches of at most <see cref="MaxBatchSize"/>, those of equal sizes together; on the calling thread.</summary>
    /// <returns>The outputs in the order of the rows.</returns>
    internal TOutput[] Run(IReadOnlyList<TRow> rows, CancellationToken cancellationToken)
    {
        _model.Lifetime.ThrowIfEnded();
        if (!Telemetry.IsListening)
        {
            return SizeGroups.Run(_runner, rows, MaxBatchSize, cancellationToken);
        }

        using Activity? activity = Telemetry.StartCall();
        int batchSize = Math.Min(rows.Count, MaxBatchSize);
        TOutput[] outputs;
        Telemetry.IsInsideCall = true;
        try
        {
            outputs = SizeGroups.Run(_runner, rows, MaxBatchSize, cancellationToken);
        }
        catch (Exception error) when (EndCall(activity, rows.Count, batchSize, error))
        {
            throw;
        }
        finally
        {
            Telemetry.IsInsideCall = false;
        }

        EndCall(activity, rows.Count, batchSize, null);
        return outputs;
    }

    /// <summary>Checked rows as they come; the outputs in the order of the rows.</summary>
    internal IAsyncEnumerable<TOutput> RunAsync(IAsyncEnumerable<TRow> rows, CancellationToken cancellationToken)
    {
        return RunAsync(rows, static (row, _) => row, cancellationToken);
    }

    /// <summary>
    /// Rows as they come, at most MaxConcurrency times <see cref="MaxBatchSize"/> of them at a time; the outputs in the order of the rows.
    /// </summary>
    /// <param name="rows">Rows as the caller has them.</param>
    /// <param name="check">
    /// A row as the model takes it, or an <see cref="ArgumentException"/>; its second argument is what the row is called: <c>rows[7]</c>.
    /// </param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    internal IAsyncEnumerable<TOutput> RunAsync<TSource>(IAsyncEnumerable<TSource> rows, Func<TSource, string, TRow> check, CancellationToken cancellationToken)
    {
        int limit = (int)Math.Min((long)_maxConcurrency * MaxBatchSize, int.MaxValue);
        return RowStream.RunAsync(
            rows, check, (row, stop) => Submit(row, runOnCallingThread: false, rejectWhenFull: false, stop), limit, cancellationToken);
    }

    /// <summary>Rows that wait fail with <see cref="ObjectDisposedException"/>; runs in progress complete.</summary>
    public void Dispose()
    {
        var waiting = new List<WaitingRow<TRow, TOutput>>();
        lock (_lock)
        {
            _disposed = true;
            foreach (RowQueue<TRow, TOutput> queue in new[] { _queue, _outside })
            {
                while (queue.First != null)
                {
                    waiting.Add(queue.First);
                    queue.Remove(queue.First);
                }
            }

            _alarm?.Dispose();
        }

        foreach (WaitingRow<TRow, TOutput> row in waiting)
        {
            Uncount(row);
            row.Fail(Lifetime.Disposed());
        }
    }

    /// <summary>Runs due rows until there are none; on the thread pool.</summary>
    public void Execute()
    {
        Batch<TRow, TOutput>? batch = null;
        while (true)
        {
            CancellationToken allGone;
            lock (_lock)
            {
                if (batch == null)
                {
                    _starting--;
                    batch = _idle.Count > 0 ? _idle.Pop() : new Batch<TRow, TOutput>();
                }

                Take(batch);
                if (batch.Count == 0)
                {
                    _running--;
                    _idle.Push(batch);
                    Schedule();
                    return;
                }

                allGone = batch.Begin();
                LetIn();

                // The rows that are left are due now, if another run is allowed.
                Schedule();
            }

            Run(batch, allGone);
        }
    }

    private Task<TOutput> Submit(TRow row, bool runOnCallingThread, bool rejectWhenFull, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<TOutput>(cancellationToken);
        }

        if (Telemetry.IsListening)
        {
            return SubmitMeasured(row, runOnCallingThread, rejectWhenFull, cancellationToken);
        }

        return runOnCallingThread && TryBegin()
            ? RunHere(row, cancellationToken)
            : Queue(new WaitingRow<TRow, TOutput>(row, cancellationToken), rejectWhenFull);
    }

    private async Task<TOutput> SubmitMeasured(TRow row, bool runOnCallingThread, bool rejectWhenFull, CancellationToken cancellationToken)
    {
        using Activity? activity = Telemetry.StartCall();
        var waiting = new WaitingRow<TRow, TOutput>(row, cancellationToken) { IsTimed = true };
        TOutput output;
        try
        {
            output = runOnCallingThread && TryBegin()
                ? await RunHere(row, cancellationToken).ConfigureAwait(false)
                : await Queue(waiting, rejectWhenFull).ConfigureAwait(false);
        }
        catch (Exception error) when (EndCall(activity, 1, Math.Max(1, waiting.BatchSize), error))
        {
            throw;
        }

        EndCall(activity, 1, Math.Max(1, waiting.BatchSize), null);
        return output;
    }

    private bool EndCall(Activity? activity, int rows, int batchSize, Exception? error)
    {
        Telemetry.EndCall(activity, _model, rows, batchSize, error);
        return false;
    }

    private Task<TOutput> Queue(WaitingRow<TRow, TOutput> waiting, bool rejectWhenFull)
    {
        if (_alarm != null || waiting.IsTimed)
        {
            waiting.QueuedAt = _clock.Now;
        }

        if (Telemetry.IsQueueWatched)
        {
            waiting.IsCounted = true;
            Telemetry.ChangeQueue(1);
        }

        if (waiting.CancellationToken.CanBeCanceled)
        {
            waiting.Watch(_cancel);
        }

        Exception? refusal = null;
        lock (_lock)
        {
            if (_disposed)
            {
                refusal = Lifetime.Disposed();
            }
            else if (waiting.IsCancelled)
            {
                return waiting.Task;
            }
            else if (HasRoom())
            {
                _queue.Add(waiting);
                Schedule();
            }
            else if (!rejectWhenFull)
            {
                // Who waits for room ends the delay of those in the queue.
                _outside.Add(waiting);
                Schedule();
            }
            else
            {
                refusal = new TheModelQueueFullException(
                    FormattableString.Invariant($"Expected at most {_maxQueue} rows in the queue, got one more: send fewer requests, or raise TheModelOptions.MaxQueue."));
            }
        }

        if (refusal != null)
        {
            Uncount(waiting);
            waiting.Fail(refusal);
        }

        return waiting.Task;
    }

    private void Cancel(WaitingRow<TRow, TOutput> waiting)
    {
        lock (_lock)
        {
            waiting.IsCancelled = true;
            if (waiting.Queue != null)
            {
                waiting.Queue.Remove(waiting);
                LetIn();
                Schedule();
            }
            else
            {
                waiting.Batch?.Leave();
                waiting.Batch = null;
            }
        }

        Uncount(waiting);
        waiting.TrySetCanceled(waiting.CancellationToken);
    }

    /// <summary>Whether the queue takes one more row; those that a run will begin with at once are not in its way. The caller holds the lock.</summary>
    private bool HasRoom()
    {
        bool beginsAtOnce = _running < _maxConcurrency && _alarm == null;
        return _outside.Count == 0 && (beginsAtOnce || _queue.Count < _maxQueue + _starting);
    }

    /// <summary>Lets rows that wait for room into the queue. The caller holds the lock.</summary>
    private void LetIn()
    {
        while (_outside.First != null && _queue.Count < _maxQueue + _starting)
        {
            WaitingRow<TRow, TOutput> next = _outside.First;
            _outside.Remove(next);
            _queue.Add(next);
        }
    }

    /// <summary>Starts a run if rows are due and another run is allowed; if they are due later, sets the alarm. The caller holds the lock.</summary>
    private void Schedule()
    {
        if (_queue.Count == 0 || _running >= _maxConcurrency || _disposed)
        {
            return;
        }

        TimeSpan delay = RemainingDelay();
        if (delay > TimeSpan.Zero)
        {
            _alarm!.Set(delay);
            return;
        }

        _running++;
        _starting++;
#if NET
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
#else
        ThreadPool.UnsafeQueueUserWorkItem(Drain, this);
#endif
    }

    /// <summary>How much longer the first row in the queue is delayed for others to join. The caller holds the lock.</summary>
    private TimeSpan RemainingDelay()
    {
        return _alarm == null || _queue.Count >= MaxBatchSize || _outside.Count > 0 ? TimeSpan.Zero : _maxDelay - (_clock.Now - _queue.First!.QueuedAt);
    }

    private void OnAlarm()
    {
        lock (_lock)
        {
            Schedule();
        }
    }

    /// <summary>The first row and the rows behind it that have equal sizes; the others stay, in their order. The caller holds the lock.</summary>
    private void Take(Batch<TRow, TOutput> batch)
    {
        WaitingRow<TRow, TOutput>? next = _queue.First;
        if (next == null || RemainingDelay() > TimeSpan.Zero)
        {
            return;
        }

        TRow first = next.Row;
        for (int searched = 0; next != null && batch.Count < MaxBatchSize && searched < MaxRowsSearched; searched++)
        {
            WaitingRow<TRow, TOutput> row = next;
            next = row.Next;
            if (batch.Count == 0 || _runner.HaveEqualSizes(first, row.Row))
            {
                _queue.Remove(row);
                batch.Add(row);
            }
        }
    }

    private void Run(Batch<TRow, TOutput> batch, CancellationToken allGone)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            Uncount(batch[i]);
            if (batch[i].IsTimed)
            {
                Telemetry.EndWait((_clock.Now - batch[i].QueuedAt).TotalSeconds);
            }
        }

        Exception? error = TryRun(batch.Rows, 0, batch.Count, batch.Outputs, allGone);
        if (batch.IsWatched)
        {
            lock (_lock)
            {
                batch.End();
            }
        }

        for (int i = 0; i < batch.Count; i++)
        {
            WaitingRow<TRow, TOutput> waiting = batch[i];
            if (batch.Count > 1 && error != null && IsOfRows(error) && !waiting.Task.IsCompleted)
            {
                // One row may have spoilt the run of the others: each gets its own answer, or its own error.
                waiting.BatchSize = 1;
                Answer(waiting, TryRun(batch.Rows, i, 1, batch.Outputs, waiting.CancellationToken), batch.Outputs[i]);
            }
            else
            {
                Answer(waiting, error, batch.Outputs[i]);
            }
        }

        batch.Clear();
    }

    private static void Answer(WaitingRow<TRow, TOutput> waiting, Exception? error, TOutput output)
    {
        if (error == null)
        {
            waiting.Complete(output);
        }
        else
        {
            waiting.Fail(error);
        }
    }

    /// <summary>Whether other rows may run although this run has failed.</summary>
    private static bool IsOfRows(Exception error)
    {
        return error is not (ObjectDisposedException or OperationCanceledException or TheModelSelfTestException);
    }

    private bool TryBegin()
    {
        lock (_lock)
        {
            bool begins = !_disposed && _alarm == null && _queue.Count == 0 && _running < _maxConcurrency;
            _running += begins ? 1 : 0;
            return begins;
        }
    }

    private Task<TOutput> RunHere(TRow row, CancellationToken cancellationToken)
    {
        var outputs = new TOutput[1];
        Exception? error = TryRun([row], 0, 1, outputs, cancellationToken);
        lock (_lock)
        {
            _running--;
            Schedule();
        }

        return error switch
        {
            null => Task.FromResult(outputs[0]),
            OperationCanceledException when cancellationToken.IsCancellationRequested => Task.FromCanceled<TOutput>(cancellationToken),
            _ => Task.FromException<TOutput>(error),
        };
    }

    private Exception? TryRun(IReadOnlyList<TRow> rows, int start, int count, TOutput[] outputs, CancellationToken cancellationToken)
    {
        Telemetry.IsInsideCall = true;
        try
        {
            _runner.RunBatch(rows, start, count, outputs, cancellationToken);
            return null;
        }
#pragma warning disable CA1031 // Whatever fails belongs to the callers' tasks: on this thread it would end the process.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return error;
        }
        finally
        {
            Telemetry.IsInsideCall = false;
        }
    }

    private static void Uncount(WaitingRow<TRow, TOutput> waiting)
    {
        if (waiting.IsCounted)
        {
            waiting.IsCounted = false;
            Telemetry.ChangeQueue(-1);
        }
    }
}
