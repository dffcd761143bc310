#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

/// <summary>Micro-batching: runs the queued rows of concurrent callers together, on the thread pool.</summary>
/// <typeparam name="TRow">A row of the inputs.</typeparam>
/// <typeparam name="TOutput">A row of the outputs.</typeparam>
internal sealed class Batcher<TRow, TOutput> : IDisposable
{
    private readonly IBatchRunner<TRow, TOutput> _runner;
    private readonly LoadedModel _model;

    internal Batcher(IBatchRunner<TRow, TOutput> runner, LoadedModel model, int maxBatchSize)
    {
        _runner = runner;
        _model = model;
        MaxBatchSize = maxBatchSize;
    }

    internal int MaxBatchSize { get; }

    /// <summary>A checked row, in a micro-batch with the rows of concurrent callers.</summary>
    internal Task<TOutput> RunAsync(TRow row, CancellationToken cancellationToken)
    {
        return Task.Run(() => Run([row], cancellationToken)[0], cancellationToken);
    }

    /// <summary>Checked rows, in batches of at most <see cref="MaxBatchSize"/>, those of equal sizes together; on the calling thread.</summary>
    /// <returns>The outputs in the order of the rows.</returns>
    internal TOutput[] Run(IReadOnlyList<TRow> rows, CancellationToken cancellationToken)
    {
        _model.Lifetime.ThrowIfEnded();
        var outputs = new TOutput[rows.Count];
        for (int start = 0; start < outputs.Length; start++)
        {
            _runner.RunBatch(rows, start, 1, outputs, cancellationToken);
        }

        return outputs;
    }

    /// <summary>Rows as they come, in batches of at most <see cref="MaxBatchSize"/>; the outputs in the order of the rows.</summary>
    internal async IAsyncEnumerable<TOutput> RunAsync(
        IAsyncEnumerable<TRow> rows,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (TRow row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            yield return await RunAsync(row, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
    }
}
