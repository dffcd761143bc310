#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;

/// <summary>Knows objects without keeping them alive. Thread-safe.</summary>
internal sealed class WeakSet<T>
    where T : class
{
    private readonly HashSet<WeakReference<T>> _references = [];

    // At which number of references those whose objects are gone are thrown away.
    private int _crowded = 64;

    /// <returns>What <see cref="Remove"/> takes.</returns>
    internal WeakReference<T> Add(T item)
    {
        var reference = new WeakReference<T>(item);
        lock (_references)
        {
            _references.Add(reference);
            if (_references.Count >= _crowded)
            {
                _references.RemoveWhere(each => !each.TryGetTarget(out _));
                _crowded = Math.Max(64, _references.Count * 2);
            }
        }

        return reference;
    }

    internal void Remove(WeakReference<T> reference)
    {
        lock (_references)
        {
            _references.Remove(reference);
        }
    }

    /// <summary>Those that are alive.</summary>
    internal List<T> ToList()
    {
        var alive = new List<T>();
        lock (_references)
        {
            foreach (WeakReference<T> reference in _references)
            {
                if (reference.TryGetTarget(out T? item))
                {
                    alive.Add(item);
                }
            }
        }

        return alive;
    }
}
