#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;

/// <summary>Micro-batching: runs the rows of concurrent callers together, on the thread pool; lists in batches, and streams in bounded memory.</summary>
/// <typeparam name="TRow">A row of the inputs.</typeparam>
/// <typeparam name="TOutput">A row of the outputs.</typeparam>
internal sealed class Batcher<TRow, TOutput> : IDisposable
{
    private readonly IBatchRunner<TRow, TOutput> _runner;
    private readonly LoadedModel _model;
    private readonly RowScheduler<TRow, TOutput> _scheduler;
    private readonly int _maxConcurrency;
    private readonly bool _rejectWhenFull;
    private readonly bool _runOnCallingThread;

    internal Batcher(IBatchRunner<TRow, TOutput> runner, LoadedModel model, int maxBatchSize, Clock? clock = null)
    {
        _runner = runner;
        _model = model;
        MaxBatchSize = maxBatchSize;
        _maxConcurrency = model.Options.MaxConcurrency;
        _rejectWhenFull = model.Options.RejectWhenFull;
        _runOnCallingThread = model.Options.RunOnCallingThread;
        _scheduler = new RowScheduler<TRow, TOutput>(runner, model.Options, maxBatchSize, clock ?? Clock.System);
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
    internal TOutput[] Run(TRow[] rows, CancellationToken cancellationToken)
    {
        _model.Lifetime.ThrowIfEnded();
        using CallMeasurement measurement = CallMeasurement.Start(_model, rows.Length, MaxBatchSize);
        TOutput[] outputs;
        try
        {
            outputs = SizeGroups.Run(_runner, rows, MaxBatchSize, cancellationToken);
        }
        catch (Exception error) when (measurement.Failed(error))
        {
            throw;
        }

        measurement.Succeeded();
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

    /// <inheritdoc cref="RowScheduler{TRow, TOutput}.Dispose"/>
    public void Dispose()
    {
        _scheduler.Dispose();
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

        return runOnCallingThread && _scheduler.TryBegin() is { } batch
            ? RunHere(row, batch, cancellationToken)
            : _scheduler.Add(new WaitingRow<TRow, TOutput>(row, cancellationToken), rejectWhenFull);
    }

    private async Task<TOutput> SubmitMeasured(TRow row, bool runOnCallingThread, bool rejectWhenFull, CancellationToken cancellationToken)
    {
        using Activity? activity = Telemetry.StartCall();
        var waiting = new WaitingRow<TRow, TOutput>(row, cancellationToken) { IsTimed = true };
        TOutput output;
        try
        {
            output = runOnCallingThread && _scheduler.TryBegin() is { } batch
                ? await RunHere(row, batch, cancellationToken).ConfigureAwait(false)
                : await _scheduler.Add(waiting, rejectWhenFull).ConfigureAwait(false);
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

    private Task<TOutput> RunHere(TRow row, Batch<TRow, TOutput> batch, CancellationToken cancellationToken)
    {
        batch.Rows[0] = row;
        Exception? error = BatchRun.TryRun(_runner, batch.Rows, 0, 1, batch.Outputs, cancellationToken);
        TOutput output = batch.Outputs[0];
        batch.Rows[0] = default!;
        batch.Outputs[0] = default!;
        _scheduler.End(batch);
        return error switch
        {
            null => Task.FromResult(output),
            OperationCanceledException when cancellationToken.IsCancellationRequested => Task.FromCanceled<TOutput>(cancellationToken),
            _ => Task.FromException<TOutput>(error),
        };
    }
}
