#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

/// <summary>
/// Gathers the rows of concurrent callers into batches, and runs these on the thread pool. Every change of the state is followed by
/// <see cref="Schedule"/>, so that no row stays in the queue. While <see cref="TheModelOptions.MaxConcurrency"/> runs are in progress, rows
/// wait; a run that ends takes the next. With the queue full, rows wait behind it, in their order.
/// </summary>
/// <typeparam name="TRow">A row of the inputs.</typeparam>
/// <typeparam name="TOutput">A row of the outputs.</typeparam>
internal sealed class RowScheduler<TRow, TOutput> : IDisposable
#if NET
    , IThreadPoolWorkItem
#endif
{
#if !NET
    private static readonly WaitCallback Drain = scheduler => ((RowScheduler<TRow, TOutput>)scheduler).Execute();
#endif

    private readonly object _lock = new();
    private readonly RowQueue<TRow, TOutput> _queue = new();
    private readonly RowQueue<TRow, TOutput> _outside = new();
    private readonly Stack<Batch<TRow, TOutput>> _idle = new();
    private readonly IBatchRunner<TRow, TOutput> _runner;
    private readonly int _maxConcurrency;
    private readonly int _maxQueue;
    private readonly int _maxBatchSize;
    private readonly TimeSpan _maxDelay;
    private readonly ModelLog _log;
    private readonly Clock _clock;
    private readonly Clock.Alarm? _alarm;
    private readonly Action<object?> _cancel;
    private int _running;

    // Runs that the thread pool will begin, and that have no rows yet.
    private int _starting;
    private bool _disposed;

    internal RowScheduler(IBatchRunner<TRow, TOutput> runner, TheModelOptions options, int maxBatchSize, Clock clock)
    {
        _runner = runner;
        _maxBatchSize = maxBatchSize;
        _maxConcurrency = options.MaxConcurrency;
        _maxQueue = options.MaxQueue;
        _maxDelay = options.MaxDelay;
        _log = options.Log;
        _cancel = waiting => Cancel((WaitingRow<TRow, TOutput>)waiting!);
        _clock = clock;
        if (_maxDelay > TimeSpan.Zero)
        {
            _alarm = clock.CreateAlarm(OnAlarm);
        }
    }

    /// <summary>Gives a row its place.</summary>
    /// <param name="waiting">The row.</param>
    /// <param name="rejectWhenFull">Whether it is refused when the queue is full; else it waits for room.</param>
    internal Task<TOutput> Add(WaitingRow<TRow, TOutput> waiting, bool rejectWhenFull)
    {
        if (_alarm != null || waiting.IsTimed)
        {
            waiting.QueuedAt = _clock.Now;
        }

        if (Telemetry.IsQueueWatched)
        {
            waiting.Count();
        }

        if (waiting.CancellationToken.CanBeCanceled)
        {
            waiting.Watch(_cancel);
        }

        bool isPlaced = false;
        Exception? refusal = null;
        lock (_lock)
        {
            if (_disposed)
            {
                refusal = Lifetime.Disposed();
            }
            else if (!waiting.IsCancelled)
            {
                // Who waits for room ends the delay of those in the queue.
                bool hasRoom = HasRoom();
                isPlaced = hasRoom || !rejectWhenFull;
                if (isPlaced)
                {
                    (hasRoom ? _queue : _outside).Add(waiting);
                    Schedule();
                }
                else
                {
                    refusal = new TheModelQueueFullException(FormattableString.Invariant(
                        $"Expected at most {_maxQueue} rows in the queue, got one more: send fewer requests, or raise TheModelOptions.MaxQueue."));
                }
            }
        }

        if (!isPlaced)
        {
            waiting.Uncount();
        }

        if (refusal != null)
        {
            if (refusal is TheModelQueueFullException)
            {
                _log.QueueFull(_maxQueue);
            }

            waiting.Fail(refusal);
        }

        return waiting.Task;
    }

    /// <summary>Takes a run for the calling thread, if one is free and no row waits.</summary>
    /// <returns>Arrays for the run, which <see cref="End"/> takes back with it; null when there is none.</returns>
    internal Batch<TRow, TOutput>? TryBegin()
    {
        lock (_lock)
        {
            bool begins = !_disposed && _alarm == null && _queue.Count == 0 && _running < _maxConcurrency;
            _running += begins ? 1 : 0;
            return begins ? Batch<TRow, TOutput>.TakeFrom(_idle) : null;
        }
    }

    internal void End(Batch<TRow, TOutput> batch)
    {
        lock (_lock)
        {
            _running--;
            _idle.Push(batch);
            Schedule();
        }
    }

    /// <summary>Rows that wait fail with <see cref="ObjectDisposedException"/>; runs in progress complete.</summary>
    public void Dispose()
    {
        var waiting = new List<WaitingRow<TRow, TOutput>>();
        lock (_lock)
        {
            _disposed = true;
            _queue.MoveAllTo(waiting);
            _outside.MoveAllTo(waiting);
            _alarm?.Dispose();
        }

        foreach (WaitingRow<TRow, TOutput> row in waiting)
        {
            row.Uncount();
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
                    batch = Batch<TRow, TOutput>.TakeFrom(_idle);
                }

                if (_queue.Count > 0 && RemainingDelay() <= TimeSpan.Zero)
                {
                    _queue.MoveEqualTo(batch, _runner, _maxBatchSize);
                }

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

            Exception? error = BatchRun.TryBatch(_runner, batch, _clock, allGone);
            if (batch.IsWatched)
            {
                lock (_lock)
                {
                    batch.End();
                }
            }

            BatchRun.Answer(_runner, batch, error);
        }
    }

    private void Cancel(WaitingRow<TRow, TOutput> waiting)
    {
        bool isInQueue;
        lock (_lock)
        {
            waiting.IsCancelled = true;
            isInQueue = waiting.Queue != null;
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

        if (isInQueue)
        {
            waiting.Uncount();
        }

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
        return _alarm == null || _queue.Count >= _maxBatchSize || _outside.Count > 0 ? TimeSpan.Zero : _maxDelay - (_clock.Now - _queue.First!.QueuedAt);
    }

    private void OnAlarm()
    {
        lock (_lock)
        {
            Schedule();
        }
    }
}
