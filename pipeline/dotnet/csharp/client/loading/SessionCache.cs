#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Concurrent;
using System.IO;
using System.Linq;

/// <summary>
/// Sessions by what decides them, so that named instances whose options allow it share one: the file, the execution providers and the
/// threads. One whose <see cref="TheModelOptions.ConfigureSession"/> is set has a session of its own. Thread-safe.
/// </summary>
internal sealed class SessionCache
{
    private readonly ConcurrentDictionary<(string Path, string Providers, int Threads, bool GlobalPool), Slot> _slots = new();
    private readonly Func<TheModelOptions, LoadedSession> _load;

    // Public, since a container creates it.
    public SessionCache()
        : this(LoadedSession.FromPackage)
    {
    }

    /// <param name="load">Loads a session.</param>
    internal SessionCache(Func<TheModelOptions, LoadedSession> load)
    {
        _load = load;
    }

    /// <summary>A session for these options, which the caller releases; loaded if none that fits is in use.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="TheModelLoadException">The model cannot be loaded; the next caller tries again.</exception>
    internal LoadedSession Get(TheModelOptions options)
    {
        if (options.ConfigureSession != null)
        {
            return _load(options);
        }

        string path = string.IsNullOrEmpty(options.ModelPath) ? string.Empty : Path.GetFullPath(options.ModelPath);
        string providers = string.Join(",", ProviderOrder.Parse(options.Provider, out _).Select(provider => provider.Name));
        int threads = options.UseGlobalThreadPool ? 0 : options.IntraOpNumThreads;
        Slot slot = _slots.GetOrAdd((path, providers, threads, options.UseGlobalThreadPool), _ => new Slot());
        lock (slot)
        {
            if (slot.Session is null || !slot.Session.TryShare())
            {
                // Null while it loads, so that a failure leaves no session whose last user has gone.
                slot.Session = null;
                slot.Session = _load(options);
            }

            return slot.Session;
        }
    }

    private sealed class Slot
    {
        internal LoadedSession? Session { get; set; }
    }
}
