#nullable enable

namespace TheNamespace.TheModelEngine;

using System.Threading;

/// <summary>Runs checked rows together; the generated client is one.</summary>
/// <typeparam name="TRow">A row of the inputs.</typeparam>
/// <typeparam name="TOutput">A row of the outputs.</typeparam>
internal interface IBatchRunner<TRow, TOutput>
{
    /// <summary>Whether one run can take any rows, since the contract fixes their sizes.</summary>
    bool HasOneSize { get; }

    /// <summary>Whether one run can take both rows.</summary>
    bool HaveEqualSizes(TRow first, TRow second);

    /// <summary>Runs <paramref name="count"/> rows of equal sizes, from index <paramref name="start"/>, as one batch.</summary>
    void RunBatch(TRow[] rows, int start, int count, TOutput[] outputs, CancellationToken cancellationToken);
}
