#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;

/// <summary>Sessions that several models share, where their options ask for the same.</summary>
internal static class SessionCache
{
    private static readonly List<(TheModelOptions Options, LoadedSession Session)> Sessions = [];

    /// <summary>A session for these options, which the model releases.</summary>
    internal static LoadedSession Get(TheModelOptions options)
    {
        lock (Sessions)
        {
            foreach ((TheModelOptions other, LoadedSession session) in Sessions)
            {
                if (AskForTheSame(options, other) && session.TryShare())
                {
                    return session;
                }
            }

            LoadedSession loaded = LoadedSession.FromPackage(options);
            Sessions.RemoveAll(entry => AskForTheSame(options, entry.Options));
            Sessions.Add((options, loaded));
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
