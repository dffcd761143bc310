#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Threading;
using System.Threading.Tasks;

/// <summary>Runs the rows of requests: on the calling thread, from and into the memory of a run; or in micro-batches with those of others.</summary>
internal sealed class ModelRunner : IDisposable
{
    // However many requests there may be, more than these are seldom in progress at once.
    private const int MaxIdleCalls = 256;

    private readonly ITheModel _model;
    private readonly bool _microBatching;
    private readonly Pool<ModelCall> _calls = new(MaxIdleCalls, () => new ModelCall());

    /// <param name="model">The model, or what the program has put in its place.</param>
    /// <param name="microBatching">Whether single rows are run in micro-batches with those of concurrent requests.</param>
    internal ModelRunner(ITheModel model, bool microBatching)
    {
        _model = model;
        _microBatching = microBatching;
    }

    /// <summary>Memory for a request, for <see cref="Return"/>.</summary>
    internal ModelCall Take()
    {
        return _calls.Take();
    }

    internal void Return(ModelCall call)
    {
        call.End();
        _calls.Return(call);
    }

    /// <summary>Runs the rows of the request. They are checked but for their sizes.</summary>
    /// <exception cref="ArgumentException">The model is not to run at these sizes.</exception>
    /// <exception cref="TheModelQueueFullException">There is no room for the row.</exception>
    /// <exception cref="TheModelException">onnxruntime failed.</exception>
    /// <exception cref="OperationCanceledException">The token has ended the run.</exception>
    internal ValueTask RunAsync(ModelCall call, CancellationToken cancellationToken)
    {
        if (_model is not TheModel model || (_microBatching && call.Request.RowCount == 1))
        {
            return new ValueTask(RunSubmittedAsync(call, cancellationToken));
        }

        Run(model, call, cancellationToken);
        return default;
    }

    public void Dispose()
    {
        _calls.Dispose();
    }

    private static void Run(TheModel model, ModelCall call, CancellationToken cancellationToken)
    {
        RequestRows rows = call.Request;
        if (rows.HasTexts)
        {
            Tokens.Fill(model.Tokenizer!, rows);
        }

        if (WebContract.InputAxes > 0)
        {
            for (int row = 0; row < rows.Count; row++)
            {
                model.CheckSizes(rows.Sizes(row), RowNames.Of(row, rows.Count));
            }
        }

        int[]? order = WebContract.InputAxes > 0 ? SizeOrder.Of(rows) : null;
        int maxBatchSize = WebContract.IsBatched ? model.MaxBatchSize : 1;
        for (int start = 0; start < rows.Count;)
        {
            int count = CountEqual(rows, order, start, maxBatchSize);
            Run(model, call, order, start, count, cancellationToken);
            start += count;
        }

        if (order is not null)
        {
            call.Order(order);
        }
    }

    /// <summary>Runs rows of equal sizes together.</summary>
    private static void Run(TheModel model, ModelCall call, int[]? order, int start, int count, CancellationToken cancellationToken)
    {
        RequestRows rows = call.Request;
        ReadOnlySpan<int> sizes = rows.Sizes(RowAt(order, start));
        ITensorRun run = model.BeginRun(count, sizes);
        bool isTaken = false;
        try
        {
            for (int place = 0; place < rows.Tensors.Length; place++)
            {
                Fill(run, rows, order, place, start, count);
            }

            run.Run(cancellationToken);
            if (count == rows.Count)
            {
                call.Answer(model, run, count, sizes);
                isTaken = true;
            }
            else
            {
                call.Gather(run, count, sizes);
            }
        }
        finally
        {
            if (!isTaken)
            {
                model.EndRun(run);
            }
        }
    }

    private static void Fill(ITensorRun run, RequestRows rows, int[]? order, int place, int start, int count)
    {
        if (order is null)
        {
            Fill(run, rows, place, start, 0, count);
            return;
        }

        for (int i = 0; i < count; i++)
        {
            Fill(run, rows, place, order[start + i], i, 1);
        }
    }

    /// <summary>Copies rows that stand together, and have equal sizes, to a place in the run.</summary>
    private static void Fill(ITensorRun run, RequestRows rows, int place, int row, int to, int count)
    {
        int first = rows.Start(place, row);
        int rowLength = rows.Length(place, row);
        TensorDescription tensor = rows.Tensors[place];
        if (!tensor.IsText)
        {
            rows.Columns[place].Bytes(first, rowLength * count).CopyTo(run.Input(place)[(to * rowLength * tensor.ElementSize)..]);
            return;
        }

        TextColumn texts = rows.Texts(place);
        for (int i = 0; i < rowLength * count; i++)
        {
            run.SetText(place, (to * rowLength) + i, texts.Utf8(first + i));
        }
    }

    private static int RowAt(int[]? order, int place)
    {
        return order is null ? place : order[place];
    }

    /// <summary>How many rows from this place of the order on have its sizes.</summary>
    private static int CountEqual(RequestRows rows, int[]? order, int start, int maxCount)
    {
        int end = Math.Min(rows.Count, start + Math.Min(maxCount, rows.Count - start));
        if (order is null)
        {
            return end - start;
        }

        ReadOnlySpan<int> sizes = rows.Sizes(order[start]);
        int next = start + 1;
        while (next < end && rows.Sizes(order[next]).SequenceEqual(sizes))
        {
            next++;
        }

        return next - start;
    }

    private async Task RunSubmittedAsync(ModelCall call, CancellationToken cancellationToken)
    {
        int count = call.Request.RowCount;
        if (count == 1)
        {
            call.Gather(await WebRows.RunAsync(_model, call.Request, 0, cancellationToken).ConfigureAwait(false));
            return;
        }

        var tasks = new Task<TheModelOutput>[count];
        for (int row = 0; row < count; row++)
        {
            tasks[row] = WebRows.RunAsync(_model, call.Request, row, cancellationToken);
        }

        Array.ForEach(await Task.WhenAll(tasks).ConfigureAwait(false), call.Gather);
    }
}
