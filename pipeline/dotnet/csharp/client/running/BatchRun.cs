#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Threading;

/// <summary>Runs batches, and answers those who wait for their rows.</summary>
internal static class BatchRun
{
    /// <returns>Why it failed; null for a success.</returns>
    internal static Exception? TryBatch<TRow, TOutput>(
        IBatchRunner<TRow, TOutput> runner, Batch<TRow, TOutput> batch, Clock clock, CancellationToken allGone)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            batch[i].Uncount();
            if (batch[i].IsTimed)
            {
                Telemetry.EndWait((clock.Now - batch[i].QueuedAt).TotalSeconds);
            }
        }

        return TryRun(runner, batch.Rows, 0, batch.Count, batch.Outputs, allGone);
    }

    /// <summary>Answers all who wait, and empties the batch. One row may have spoilt the run of the others: each is run alone then.</summary>
    internal static void Answer<TRow, TOutput>(IBatchRunner<TRow, TOutput> runner, Batch<TRow, TOutput> batch, Exception? error)
    {
        bool runAlone = batch.Count > 1 && error != null && IsOfRows(error);
        for (int i = 0; i < batch.Count; i++)
        {
            WaitingRow<TRow, TOutput> waiting = batch[i];
            Exception? rowError = error;
            if (runAlone && !waiting.Task.IsCompleted)
            {
                waiting.BatchSize = 1;
                rowError = TryRun(runner, batch.Rows, i, 1, batch.Outputs, waiting.CancellationToken);
            }

            if (rowError == null)
            {
                waiting.Complete(batch.Outputs[i]);
            }
            else
            {
                waiting.Fail(rowError);
            }
        }

        batch.Clear();
    }

    /// <returns>Why it failed; null for a success.</returns>
    internal static Exception? TryRun<TRow, TOutput>(
        IBatchRunner<TRow, TOutput> runner, TRow[] rows, int start, int count, TOutput[] outputs, CancellationToken cancellationToken)
    {
        Telemetry.IsInsideCall = true;
        try
        {
            runner.RunBatch(rows, start, count, outputs, cancellationToken);
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

    /// <summary>Whether other rows may run although this run has failed.</summary>
    private static bool IsOfRows(Exception error)
    {
        return error is not (ObjectDisposedException or OperationCanceledException or TheModelSelfTestException);
    }
}
