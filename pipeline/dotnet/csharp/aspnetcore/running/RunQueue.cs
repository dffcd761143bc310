#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

/// <summary>
/// Where the requests of a model wait for runs that take long, in their order: at most <see cref="TheModelOptions.MaxConcurrency"/> run at
/// once. Whoever would wait too long is refused at once. Runs that wait are on threads of their own, because the thread pool's first read
/// what else comes, and refuse it, only when they are not running the model: without them the queue is the thread pool's, which has no end.
/// A run that is as quick as its request is read needs none of this; see <see cref="IsQuick"/>.
/// </summary>
internal sealed class RunQueue
{
    private const int SampledCalls = 16;
    private const int Smoothing = 8;
    private const int MaxGrowth = 16;

    // The time of a run below which a request is as quick to answer as to refuse.
    private static readonly long QuickTicks = Stopwatch.Frequency / 5000;

    // Between these a run has much that a batch shares among its rows, and is short enough for the thread pool's threads: by
    // benchmarks/serving/run.py.
    private static readonly long BatchedTicks = Stopwatch.Frequency / 50000;
    private static readonly long MaxBatchedTicks = Stopwatch.Frequency / 500;
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);
    private static readonly ConditionalWeakTable<TheModel, RunQueue> Queues = new();

    private readonly object _lock = new();
    private readonly Queue<QueuedRun> _waiting = new();
    private readonly int _maxConcurrency;
    private readonly int _maxQueue;
    private readonly ModelLog _log;
    private int _running;
    private int _waitingRows;
    private int _threads;
    private int _idleThreads;
    private long _ticksPerRow;
    private int _calls;
    private int _batchedCalls;

    internal RunQueue(TheModelOptions options)
    {
        _maxConcurrency = options.MaxConcurrency;
        _maxQueue = options.MaxQueue;
        _log = options.Log;
    }

    /// <summary>The queue of a model, which all its endpoints share.</summary>
    internal static RunQueue Of(TheModel model)
    {
        return Queues.GetValue(model, static owner => new RunQueue(owner.Options));
    }

    /// <summary>Whether a run of so many rows is done before it would have been queued, by what earlier ones took.</summary>
    internal bool IsQuick(int rows)
    {
        return Volatile.Read(ref _ticksPerRow) * rows < QuickTicks;
    }

    /// <summary>
    /// Whether a row is better run with those of other requests, where there are some, by what earlier runs took. It says no now and then,
    /// so that runs are measured.
    /// </summary>
    internal bool GainsFromBatches()
    {
        long ticks = Volatile.Read(ref _ticksPerRow);
        return ticks > BatchedTicks && ticks < MaxBatchedTicks && _batchedCalls++ % SampledCalls != 0;
    }

    /// <summary>To be called before a quick run.</summary>
    /// <returns>What <see cref="End"/> takes: the time, of one run of several, or zero.</returns>
    internal long Begin()
    {
        // A count that threads lose is no harm.
        return _calls++ % SampledCalls == 0 ? Stopwatch.GetTimestamp() : 0;
    }

    /// <summary>To be called after a run that has succeeded.</summary>
    internal void End(long begun, int rows)
    {
        if (begun == 0)
        {
            return;
        }

        long ticks = Math.Max(1, (Stopwatch.GetTimestamp() - begun) / Math.Max(1, rows));
        long known = Volatile.Read(ref _ticksPerRow);

        // One run whose thread had to wait for a processor says nothing of the next.
        long likely = Math.Min(ticks, known * MaxGrowth);
        Volatile.Write(ref _ticksPerRow, known == 0 ? ticks : Math.Max(1, known + ((likely - known) / Smoothing)));
    }

    /// <summary>Runs what takes long: on the calling thread while nobody else needs it, or in its turn.</summary>
    /// <param name="run">The run.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="maxWait">Time that it may wait; null for any.</param>
    /// <param name="cancellationToken">Ends the wait when its turn has come.</param>
    /// <exception cref="TheModelQueueFullException">It would wait longer, or there is no room for it.</exception>
    internal Task RunAsync(Action run, int rows, TimeSpan? maxWait, CancellationToken cancellationToken)
    {
        bool isAlone = ThreadPool.PendingWorkItemCount == 0;
        var queued = new QueuedRun(run, rows, cancellationToken);
        string? refusal;
        lock (_lock)
        {
            isAlone &= _waiting.Count == 0 && _running < _maxConcurrency;
            if (isAlone)
            {
                _running++;
                refusal = null;
            }
            else
            {
                refusal = maxWait is { } limit ? Refusal(_waitingRows, limit) : null;
                if (refusal is null)
                {
                    _waiting.Enqueue(queued);
                    _waitingRows += rows;
                    Schedule();
                }
            }
        }

        if (refusal is not null)
        {
            _log.QueueFull(_maxQueue);
            throw new TheModelQueueFullException(refusal);
        }

        if (isAlone)
        {
            Execute(queued);
        }

        return queued.Task;
    }

    /// <summary>Why a run would be refused now; null where it would not.</summary>
    internal string? Refusal(TimeSpan maxWait)
    {
        int rows = Volatile.Read(ref _waitingRows);
        string? refusal = rows > 0 ? Refusal(rows, maxWait) : null;
        if (refusal is not null)
        {
            _log.QueueFull(_maxQueue);
        }

        return refusal;
    }

    /// <summary>Why a request cannot wait behind so many rows; null where it can.</summary>
    private string? Refusal(int rows, TimeSpan maxWait)
    {
        if (rows >= _maxQueue)
        {
            return string.Format(
                CultureInfo.InvariantCulture,
                "Expected at most {0} rows in the queue, got one more: send fewer requests, or raise TheModelOptions.MaxQueue.",
                _maxQueue);
        }

        double wait = (double)rows * Volatile.Read(ref _ticksPerRow) / _maxConcurrency / Stopwatch.Frequency;
        return wait <= maxWait.TotalSeconds ? null : string.Format(
            CultureInfo.InvariantCulture,
            "Expected a wait of at most {0:0.###} s, got {1} rows before this request, which take about {2:0.#} s: send fewer requests, or raise TheModelEndpointOptions.MaxWait.",
            maxWait.TotalSeconds,
            rows,
            wait);
    }

    /// <summary>Has a thread take the next run, if one may begin. The caller holds the lock.</summary>
    private void Schedule()
    {
        if (_waiting.Count == 0 || _running >= _maxConcurrency)
        {
            return;
        }

        if (_idleThreads > 0)
        {
            Monitor.Pulse(_lock);
        }
        else if (_threads < _maxConcurrency)
        {
            _threads++;
            new Thread(Work) { IsBackground = true, Name = Facts.TelemetryName }.UnsafeStart();
        }
    }

    private void Work()
    {
        while (Next() is { } run)
        {
            Execute(run);
        }
    }

    /// <summary>The next run, when one may begin; null when none has come for a while.</summary>
    private QueuedRun? Next()
    {
        lock (_lock)
        {
            while (true)
            {
                if (_waiting.Count > 0 && _running < _maxConcurrency)
                {
                    _running++;
                    QueuedRun next = _waiting.Dequeue();
                    _waitingRows -= next.Rows;
                    return next;
                }

                _idleThreads++;
                bool isCalled = Monitor.Wait(_lock, IdleTime);
                _idleThreads--;
                if (!isCalled && _waiting.Count == 0)
                {
                    _threads--;
                    return null;
                }
            }
        }
    }

    private void Execute(QueuedRun run)
    {
        long begun = Stopwatch.GetTimestamp();
        if (run.TryExecute())
        {
            End(begun, run.Rows);
        }

        lock (_lock)
        {
            _running--;
            Schedule();
        }

        run.Complete();
    }
}
