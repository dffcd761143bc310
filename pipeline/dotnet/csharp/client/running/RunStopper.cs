#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Threading;
using Microsoft.ML.OnnxRuntime;

/// <summary>onnxruntime's options of one run at a time, and the way to end that run from another thread.</summary>
internal sealed class RunStopper : IDisposable
{
    private static readonly Action<object?> Stop = stopper => ((RunStopper)stopper!).Options.Terminate = true;

    internal RunOptions Options { get; } = new();

    /// <summary>From now until <see cref="Unwatch"/> the token ends the run.</summary>
    internal CancellationTokenRegistration Watch(CancellationToken cancellationToken)
    {
#if NET
        return cancellationToken.UnsafeRegister(Stop, this);
#else
        return cancellationToken.Register(Stop, this, useSynchronizationContext: false);
#endif
    }

    /// <summary>Makes the options ready for the next run, which no earlier token ends.</summary>
    internal void Unwatch(CancellationTokenRegistration registration)
    {
        // Waits for a callback in progress: what it sets stays set until it is reset, and must not meet the next run.
        registration.Dispose();
        Options.Terminate = false;
    }

    public void Dispose()
    {
        Options.Dispose();
    }
}
