#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Concurrent;

/// <summary>
/// What is to be checked when a host has started, its web server included; what fails stops the host with its sentence. The endpoints of the
/// model, which this assembly does not know, add to it.
/// </summary>
internal sealed class StartChecks
{
    private readonly ConcurrentQueue<Action> _checks = new();

    internal void Add(Action check)
    {
        _checks.Enqueue(check);
    }

    internal void Run()
    {
        while (_checks.TryDequeue(out Action? check))
        {
            check();
        }
    }
}
