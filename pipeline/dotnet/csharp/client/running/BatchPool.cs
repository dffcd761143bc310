#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;

/// <summary>Keeps the memory of batches that is idle, for the next batch of the same number of rows. Thread-safe.</summary>
/// <remarks>
/// To bind memory to a model costs more than to run a small one. Large batches are not kept: beside their run it costs nothing, and a
/// program that once ran many rows together would never be rid of them.
/// </remarks>
internal sealed class BatchPool<T> : IDisposable
    where T : class, IDisposable
{
    // All that is idle, together.
    private const int MaxIdleValues = 1 << 20;

    // A search looks at all of them.
    private const int MaxIdle = 64;

    private readonly List<KeyValuePair<int, T>> _idle = [];
    private readonly Func<int, T> _create;
    private readonly int _maxIdleRows;
    private int _idleRows;

    /// <param name="valuesPerRow">Values of inputs and outputs in a row.</param>
    /// <param name="create">Memory for a number of rows.</param>
    internal BatchPool(long valuesPerRow, Func<int, T> create)
    {
        _maxIdleRows = (int)(MaxIdleValues / Math.Max(1, valuesPerRow));
        _create = create;
    }

    internal T Take(int rows)
    {
        lock (_idle)
        {
            for (int i = _idle.Count - 1; i >= 0; i--)
            {
                if (_idle[i].Key == rows)
                {
                    T idle = _idle[i].Value;
                    _idle.RemoveAt(i);
                    _idleRows -= rows;
                    return idle;
                }
            }
        }

        return _create(rows);
    }

    /// <summary>Keeps it, in the place of those that have been idle longest if there is no other.</summary>
    internal void Return(int rows, T used)
    {
        if (rows > _maxIdleRows)
        {
            used.Dispose();
            return;
        }

        lock (_idle)
        {
            while (_idle.Count == MaxIdle || _idleRows > _maxIdleRows - rows)
            {
                _idleRows -= _idle[0].Key;
                _idle[0].Value.Dispose();
                _idle.RemoveAt(0);
            }

            _idle.Add(new KeyValuePair<int, T>(rows, used));
            _idleRows += rows;
        }
    }

    public void Dispose()
    {
        lock (_idle)
        {
            _idle.ForEach(idle => idle.Value.Dispose());
            _idle.Clear();
        }
    }
}
