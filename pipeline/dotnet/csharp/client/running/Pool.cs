#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Threading;

/// <summary>Keeps what is idle, for the next caller. Thread-safe.</summary>
internal sealed class Pool<T> : IDisposable
    where T : class, IDisposable
{
    // However many callers there may be, more than these are seldom idle.
    private const int MaxIdle = 256;

    private readonly T?[] _idle;
    private readonly Func<T> _create;

    internal Pool(int size, Func<T> create)
    {
        _idle = new T?[Math.Min(size, MaxIdle)];
        _create = create;
    }

    internal T Take()
    {
        for (int i = 0; i < _idle.Length; i++)
        {
            T? idle = Volatile.Read(ref _idle[i]);
            if (idle != null && Interlocked.CompareExchange(ref _idle[i], null, idle) == idle)
            {
                return idle;
            }
        }

        return _create();
    }

    internal void Return(T used)
    {
        for (int i = 0; i < _idle.Length; i++)
        {
            if (_idle[i] == null && Interlocked.CompareExchange(ref _idle[i], used, null) == null)
            {
                return;
            }
        }

        used.Dispose();
    }

    public void Dispose()
    {
        foreach (T? idle in _idle)
        {
            idle?.Dispose();
        }
    }
}
