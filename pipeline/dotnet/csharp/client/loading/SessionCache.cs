#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;

/// <summary>Sessions that several models share, where their options ask for the same.</summary>
internal sealed class SessionCache
{
    private readonly List<(TheModelOptions Options, LoadedSession Session)> _sessions = [];

    /// <summary>A session for these options, which the model releases.</summary>
    internal LoadedSession Get(TheModelOptions options)
    {
        lock (_sessions)
        {
            foreach ((TheModelOptions other, LoadedSession session) in _sessions)
            {
                if (AskForTheSame(options, other) && session.TryShare())
                {
                    return session;
                }
            }

            LoadedSession loaded = LoadedSession.FromPackage(options);
            _sessions.RemoveAll(entry => AskForTheSame(options, entry.Options));
            _sessions.Add((options, loaded));
            return loaded;
        }
    }

    private static bool AskForTheSame(TheModelOptions first, TheModelOptions second)
    {
        return first.IntraOpNumThreads == second.IntraOpNumThreads
            && string.Equals(first.Provider, second.Provider, StringComparison.Ordinal)
            && first.ConfigureSession == second.ConfigureSession;
    }
}
