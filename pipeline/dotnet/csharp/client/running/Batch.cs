#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Threading;

/// <summary>The rows of one run, with the arrays for it, which are used again for the next. The lists change under the batcher's lock only.</summary>
/// <typeparam name="TRow">A row of the inputs.</typeparam>
/// <typeparam name="TOutput">A row of the outputs.</typeparam>
#pragma warning disable CA1001 // End disposes the token's source after each run; the batch itself is used again.
internal sealed class Batch<TRow, TOutput>
#pragma warning restore CA1001
{
    private WaitingRow<TRow, TOutput>[] _waiting = new WaitingRow<TRow, TOutput>[4];
    private CancellationTokenSource? _allGone;
    private int _callers;

    internal int Count { get; private set; }

    /// <summary>Whether <see cref="End"/> must be called under the lock, since a caller may leave at any moment.</summary>
    internal bool IsWatched { get; private set; }

    /// <summary>The rows, and behind them what is left of a longer batch.</summary>
    internal TRow[] Rows { get; private set; } = new TRow[4];

    internal TOutput[] Outputs { get; private set; } = new TOutput[4];

    internal WaitingRow<TRow, TOutput> this[int index] => _waiting[index];

    /// <summary>One that is idle, or a new one.</summary>
    internal static Batch<TRow, TOutput> TakeFrom(Stack<Batch<TRow, TOutput>> idle)
    {
        return idle.Count > 0 ? idle.Pop() : new Batch<TRow, TOutput>();
    }

    internal void Add(WaitingRow<TRow, TOutput> waiting)
    {
        if (Count == _waiting.Length)
        {
            Array.Resize(ref _waiting, Count * 2);
            Rows = new TRow[Count * 2];
            Outputs = new TOutput[Count * 2];
        }

        _waiting[Count++] = waiting;
        waiting.Batch = this;
    }

    /// <summary>Makes the rows ready for the run.</summary>
    /// <returns>What ends the run: the token of its only caller, or one that is cancelled when all callers have gone.</returns>
    internal CancellationToken Begin()
    {
        bool canAllGo = true;
        for (int i = 0; i < Count; i++)
        {
            Rows[i] = _waiting[i].Row;
            _waiting[i].BatchSize = Count;
            bool canGo = _waiting[i].CancellationToken.CanBeCanceled;
            canAllGo &= canGo;
            IsWatched |= canGo;
        }

        if (Count == 1 || !canAllGo)
        {
            return Count == 1 ? _waiting[0].CancellationToken : CancellationToken.None;
        }

        _callers = Count;
        _allGone = new CancellationTokenSource();
        return _allGone.Token;
    }

    /// <summary>One caller fewer waits for the run.</summary>
    internal void Leave()
    {
        if (_allGone != null && --_callers == 0)
        {
            // What it calls sets a flag of onnxruntime, and takes no lock.
            _allGone.Cancel();
        }
    }

    /// <summary>The run has ended; who leaves now leaves no run.</summary>
    internal void End()
    {
        for (int i = 0; i < Count; i++)
        {
            _waiting[i].Batch = null;
        }

        _allGone?.Dispose();
        _allGone = null;
        IsWatched = false;
    }

    /// <summary>Forgets the rows.</summary>
    internal void Clear()
    {
        Array.Clear(_waiting, 0, Count);
        Array.Clear(Rows, 0, Count);
        Array.Clear(Outputs, 0, Count);
        Count = 0;
    }
}
