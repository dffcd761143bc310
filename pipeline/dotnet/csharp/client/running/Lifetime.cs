#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Threading;
using System.Threading.Tasks;

/// <summary>
/// Counts who uses a model: the model itself, each run in progress, and each buffers that a caller has not disposed. When nobody does, the
/// native memory is freed. Refuses whom comes after the end, and lets nobody in before the first use is prepared. Thread-safe.
/// </summary>
internal sealed class Lifetime
{
    // The count: the model and runs in the lower half, buffers that callers keep in the upper half.
    private const long Buffers = 1L << 32;

    private const int BeforeFirstUse = 1;
    private const int Disposal = 2;
    private const int EndOfProcess = 4;

    private readonly Action _free;
    private readonly TaskCompletionSource<bool> _runsEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly object _firstUseLock = new();
    private Action? _firstUse;
    private TheModelSelfTestException? _failure;
    private long _users = 1;

    // What stands between a caller and its run. 0 is nothing, so that one read tells a run that it may go on.
    private int _obstacles;

    internal Lifetime(Action free)
    {
        _free = free;
    }

    /// <summary>Ends when the model has been disposed and no run that entered is in progress.</summary>
    internal Task RunsEnded => _runsEnded.Task;

    internal bool HasEnded => (Volatile.Read(ref _obstacles) & (Disposal | EndOfProcess)) != 0;

    /// <summary>Whether a run that entered is in progress.</summary>
    internal bool IsInUse => (int)Volatile.Read(ref _users) > ((Volatile.Read(ref _obstacles) & Disposal) == 0 ? 1 : 0);

    internal static ObjectDisposedException Disposed()
    {
        return new ObjectDisposedException(nameof(TheModel), "This model has been disposed: load it again, or dispose it later.");
    }

    /// <summary>Takes a reference for a run, which keeps the native memory alive until <see cref="Leave"/>.</summary>
    /// <exception cref="ObjectDisposedException">The model has been disposed, or the process is ending.</exception>
    internal void Enter()
    {
        Take(1);
        if (Volatile.Read(ref _obstacles) != 0)
        {
            PassOr(Leave);
        }
    }

    /// <summary>As <see cref="Enter"/>, for the self-test itself, which may precede the first use and stands in nobody's way.</summary>
    /// <exception cref="ObjectDisposedException">The model has been disposed, or the process is ending.</exception>
    internal void EnterSelfTest()
    {
        Take(1);
        if (HasEnded)
        {
            Leave();
            throw Disposed();
        }
    }

    internal void Leave()
    {
        long users = Interlocked.Decrement(ref _users);
        if (users == 0)
        {
            _free();
        }

        if ((int)users == 0)
        {
            _runsEnded.TrySetResult(true);
        }
    }

    /// <summary>Takes a reference for buffers that a caller keeps, until <see cref="LetGo"/>.</summary>
    /// <exception cref="ObjectDisposedException">The model has been disposed, or the process is ending.</exception>
    internal void Hold()
    {
        Take(Buffers);
        if (Volatile.Read(ref _obstacles) != 0)
        {
            PassOr(LetGo);
        }
    }

    internal void LetGo()
    {
        if (Interlocked.Add(ref _users, -Buffers) == 0)
        {
            _free();
        }
    }

    /// <exception cref="ObjectDisposedException">The model has been disposed, or the process is ending.</exception>
    internal void ThrowIfEnded()
    {
        if (Volatile.Read(ref _obstacles) != 0)
        {
            Pass();
        }
    }

    /// <summary>What the first run calls before it runs, once; others wait for it. The runs that it makes itself, on its thread, are let through.</summary>
    internal void PrepareFirstUse(Action firstUse)
    {
        lock (_firstUseLock)
        {
            _firstUse = firstUse;
            Set(BeforeFirstUse);
        }
    }

    /// <summary>Refuses all who come; false when that was done before. The model's own reference is given up by <see cref="Leave"/>.</summary>
    internal bool TryEnd()
    {
        return Set(Disposal);
    }

    /// <summary>Refuses all who come, because the process is ending.</summary>
    internal void EndWithProcess()
    {
        Set(EndOfProcess);
    }

    private void Take(long reference)
    {
        long users = Volatile.Read(ref _users);
        while ((int)users > 0)
        {
            long actual = Interlocked.CompareExchange(ref _users, users + reference, users);
            if (actual == users)
            {
                return;
            }

            users = actual;
        }

        throw Disposed();
    }

    private void PassOr(Action giveBack)
    {
        bool passed = false;
        try
        {
            Pass();
            passed = true;
        }
        finally
        {
            if (!passed)
            {
                giveBack();
            }
        }
    }

    private void Pass()
    {
        int obstacles = Volatile.Read(ref _obstacles);
        if ((obstacles & Disposal) != 0)
        {
            throw Disposed();
        }

        if ((obstacles & EndOfProcess) != 0)
        {
            throw new ObjectDisposedException(nameof(TheModel), "The process is ending, and the model runs no more rows: end what calls it before the program ends.");
        }

        if ((obstacles & BeforeFirstUse) != 0 && !Monitor.IsEntered(_firstUseLock))
        {
            lock (_firstUseLock)
            {
                Prepare();
            }
        }
    }

    private void Prepare()
    {
        if ((Volatile.Read(ref _obstacles) & BeforeFirstUse) == 0)
        {
            return;
        }

        if (_failure != null)
        {
            // A model that has failed stays failed, and is not tested again for every row.
            throw new TheModelSelfTestException(_failure);
        }

        try
        {
            _firstUse!();
        }
        catch (TheModelSelfTestException error)
        {
            _failure = error;
            throw;
        }

        _firstUse = null;
        Clear(BeforeFirstUse);
    }

    private bool Set(int obstacle)
    {
        int before = Volatile.Read(ref _obstacles);
        while ((before & obstacle) == 0)
        {
            int actual = Interlocked.CompareExchange(ref _obstacles, before | obstacle, before);
            if (actual == before)
            {
                return true;
            }

            before = actual;
        }

        return false;
    }

    private void Clear(int obstacle)
    {
        int before = Volatile.Read(ref _obstacles);
        int actual;
        while ((actual = Interlocked.CompareExchange(ref _obstacles, before & ~obstacle, before)) != before)
        {
            before = actual;
        }
    }
}
