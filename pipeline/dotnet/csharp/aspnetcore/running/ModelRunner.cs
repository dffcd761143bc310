#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;

/// <summary>Runs the rows of requests: on the calling thread, from and into the memory of a run; or in micro-batches with those of others.</summary>
internal sealed class ModelRunner : IDisposable
{
    // However many requests there may be, more than these are seldom in progress at once.
    private const int MaxIdleCalls = 256;

    private readonly RegisteredModel _registered;
    private readonly bool? _microBatching;
    private readonly TimeSpan _maxWait;
    private readonly Pool<ModelCall> _calls = new(MaxIdleCalls, () => new ModelCall());
    private readonly SubmittedRows _submitted = new();
    private TheModel? _model;
    private RunQueue? _queue;

    /// <param name="registered">The model, which is resolved by the first request.</param>
    /// <param name="microBatching">Whether single rows run in micro-batches with those of concurrent requests; null where the time of a run decides.</param>
    /// <param name="maxWait">Maximum time for which a request may wait for its run.</param>
    internal ModelRunner(RegisteredModel registered, bool? microBatching, TimeSpan maxWait)
    {
        _registered = registered;
        _microBatching = microBatching;
        _maxWait = maxWait;
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

    /// <summary>Why a request would be refused now; null where it would not. To be asked before it is read, which costs more than to refuse it.</summary>
    internal string? Refusal()
    {
        return Volatile.Read(ref _queue)?.Refusal(_maxWait);
    }

    /// <summary>Runs the rows of the request. They are checked but for their sizes.</summary>
    /// <param name="call">The rows, and the memory for the answer.</param>
    /// <param name="context">Of the request; its end ends a run that takes long.</param>
    /// <exception cref="ArgumentException">The model is not to run at these sizes.</exception>
    /// <exception cref="TheModelQueueFullException">There is no room for the rows, or their run would come too late.</exception>
    /// <exception cref="TheModelException">onnxruntime failed, or the model does not load.</exception>
    /// <exception cref="OperationCanceledException">The caller has gone.</exception>
    internal ValueTask RunAsync(ModelCall call, HttpContext context)
    {
        ITheModel model = Volatile.Read(ref _model) ?? Resolve(context);
        if (model is not TheModel loaded)
        {
            return new ValueTask(RunSubmittedAsync(model, call, context.RequestAborted));
        }

        return call.Request.RowCount == 1 && (_microBatching ?? (_queue!.GainsFromBatches() && ThreadPool.PendingWorkItemCount > 0))
            ? new ValueTask(RunBatchedAsync(loaded, call, context.RequestAborted))
            : RunAsync(loaded, call, context, _maxWait);
    }

    /// <summary>
    /// As <see cref="RunAsync(ModelCall, HttpContext)"/>, of rows of a stream: they are a batch already, and wait for their run however long.
    /// </summary>
    internal ValueTask RunStreamAsync(ModelCall call, HttpContext context)
    {
        ITheModel model = Volatile.Read(ref _model) ?? Resolve(context);
        return model is TheModel loaded
            ? RunAsync(loaded, call, context, maxWait: null)
            : new ValueTask(RunSubmittedAsync(model, call, context.RequestAborted));
    }

    /// <summary>Rows of the largest run.</summary>
    internal int MaxBatchSize(HttpContext context)
    {
        ITheModel model = Volatile.Read(ref _model) ?? Resolve(context);
        return WebContract.IsBatched && model is TheModel loaded ? loaded.MaxBatchSize : 1;
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
            TokenColumns.Fill(model.Tokenizer!, rows);
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

    private static async Task RunSubmittedAsync(ITheModel model, ModelCall call, CancellationToken cancellationToken)
    {
        int count = call.Request.RowCount;
        if (count == 1)
        {
            call.Gather(await WebRows.RunAsync(model, call.Request, 0, cancellationToken).ConfigureAwait(false));
            return;
        }

        var tasks = new Task<TheModelOutput>[count];
        for (int row = 0; row < count; row++)
        {
            tasks[row] = WebRows.RunAsync(model, call.Request, row, cancellationToken);
        }

        Array.ForEach(await Task.WhenAll(tasks).ConfigureAwait(false), call.Gather);
    }

    private async Task RunBatchedAsync(TheModel model, ModelCall call, CancellationToken cancellationToken)
    {
        long ticket = _submitted.Enter(model.Options, _maxWait);
        try
        {
            await RunSubmittedAsync(model, call, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _submitted.Leave(ticket);
        }
    }

    private ValueTask RunAsync(TheModel model, ModelCall call, HttpContext context, TimeSpan? maxWait)
    {
        int rows = call.Request.RowCount;
        RunQueue queue = _queue!;
        if (!queue.IsQuick(rows))
        {
            return RunQueuedAsync(queue, model, call, maxWait, context.RequestAborted);
        }

        // It ends before the caller's hanging up would end it: to listen for that takes longer than some models.
        long begun = queue.Begin();
        Run(model, call, CancellationToken.None);
        queue.End(begun, rows);
        return default;
    }

    // A method of its own, so that only a run that waits has a closure.
    private static ValueTask RunQueuedAsync(RunQueue queue, TheModel model, ModelCall call, TimeSpan? maxWait, CancellationToken aborted)
    {
        return new ValueTask(queue.RunAsync(() => Run(model, call, aborted), call.Request.RowCount, maxWait, aborted));
    }

    /// <summary>
    /// The model; or what the program has put in its place, which may be of this request alone. Not before the first request, so that the
    /// program's start is its own.
    /// </summary>
    private ITheModel Resolve(HttpContext context)
    {
        ITheModel model = _registered.Resolve(context.RequestServices);
        if (model is TheModel loaded)
        {
            Volatile.Write(ref _queue, RunQueue.Of(loaded));
            Volatile.Write(ref _model, loaded);
        }

        return model;
    }
}
