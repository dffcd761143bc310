#nullable enable

namespace TheNamespace.TheModelEngine;

/// <summary>Rows in the order in which they came, linked by themselves, so that a caller who gives up leaves at once. Not thread-safe.</summary>
/// <typeparam name="TRow">A row of the inputs.</typeparam>
/// <typeparam name="TOutput">A row of the outputs.</typeparam>
internal sealed class RowQueue<TRow, TOutput>
{
    // Maximum number of rows that a search for equal sizes looks at, so that the caller's lock is held only for microseconds.
    private const int MaxRowsSearched = 1024;

    private WaitingRow<TRow, TOutput>? _last;

    internal int Count { get; private set; }

    internal WaitingRow<TRow, TOutput>? First { get; private set; }

    internal void Add(WaitingRow<TRow, TOutput> row)
    {
        row.Queue = this;
        row.Previous = _last;
        if (_last == null)
        {
            First = row;
        }
        else
        {
            _last.Next = row;
        }

        _last = row;
        Count++;
    }

    internal void Remove(WaitingRow<TRow, TOutput> row)
    {
        if (row.Previous == null)
        {
            First = row.Next;
        }
        else
        {
            row.Previous.Next = row.Next;
        }

        if (row.Next == null)
        {
            _last = row.Previous;
        }
        else
        {
            row.Next.Previous = row.Previous;
        }

        row.Queue = null;
        row.Next = null;
        row.Previous = null;
        Count--;
    }

    /// <summary>Moves the first row, and those behind it that have equal sizes, into a batch; the others stay, in their order.</summary>
    internal void MoveEqualTo(Batch<TRow, TOutput> batch, IBatchRunner<TRow, TOutput> runner, int maxBatchSize)
    {
        WaitingRow<TRow, TOutput>? next = First;
        for (int searched = 0; next != null && batch.Count < maxBatchSize && searched < MaxRowsSearched; searched++)
        {
            WaitingRow<TRow, TOutput> row = next;
            next = row.Next;
            if (batch.Count == 0 || runner.HaveEqualSizes(batch[0].Row, row.Row))
            {
                Remove(row);
                batch.Add(row);
            }
        }
    }
}
