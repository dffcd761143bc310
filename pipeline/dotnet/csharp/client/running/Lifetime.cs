#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Threading;
using System.Threading.Tasks;

/// <summary>
/// Counts who uses a model: 1 for the model itself, 1 for each run in progress and for each buffers that are not disposed. At 0 the native
/// memory is freed. Thread-safe.
/// </summary>
internal sealed class Lifetime
{
    private readonly Action _free;
    private readonly TaskCompletionSource<bool> _freed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _users = 1;
    private int _ended;

    internal Lifetime(Action free)
    {
        _free = free;
    }

    /// <summary>Ends when the memory is freed.</summary>
    internal Task Freed => _freed.Task;

    internal bool HasEnded => Volatile.Read(ref _ended) != 0;

    internal static ObjectDisposedException Disposed()
    {
        return new ObjectDisposedException(nameof(TheModel), "This model has been disposed: load it again, or dispose it later.");
    }

    /// <summary>Takes a reference, which keeps the native memory alive until <see cref="Leave"/>.</summary>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    internal void Enter()
    {
        int users = Volatile.Read(ref _users);
        while (users > 0 && !HasEnded)
        {
            int actual = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (actual == users)
            {
                return;
            }

            users = actual;
        }

        throw Disposed();
    }

    internal void Leave()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            _free();
            _freed.TrySetResult(true);
        }
    }

    internal void ThrowIfEnded()
    {
        if (HasEnded)
        {
            throw Disposed();
        }
    }

    /// <summary>Gives up the model's own reference; false when that was done before.</summary>
    internal bool TryEnd()
    {
        return Interlocked.Exchange(ref _ended, 1) == 0;
    }
}
