#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Diagnostics;
using System.Threading;

/// <summary>Time as the batcher sees it; tests have one that they move.</summary>
internal class Clock
{
    internal static Clock System { get; } = new();

    /// <summary>Now, since some moment in the past.</summary>
    internal virtual TimeSpan Now => TimeSpan.FromSeconds(Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency);

    /// <summary>An alarm that is not set.</summary>
    internal virtual Alarm CreateAlarm(Action ring)
    {
        return new TimerAlarm(ring);
    }

    /// <summary>Rings once after the delay that was set last.</summary>
    internal abstract class Alarm : IDisposable
    {
        internal abstract void Set(TimeSpan delay);

        public abstract void Dispose();
    }

    private sealed class TimerAlarm : Alarm
    {
        private readonly Timer _timer;

        internal TimerAlarm(Action ring)
        {
            // A timer keeps what flows with the call that makes it, such as the request in which the model is loaded, as long as it lives.
            bool suppresses = !ExecutionContext.IsFlowSuppressed();
            AsyncFlowControl flow = suppresses ? ExecutionContext.SuppressFlow() : default;
            try
            {
                _timer = new Timer(static state => ((Action)state!)(), ring, Timeout.Infinite, Timeout.Infinite);
            }
            finally
            {
                if (suppresses)
                {
                    flow.Undo();
                }
            }
        }

        internal override void Set(TimeSpan delay)
        {
            _timer.Change((long)Math.Ceiling(delay.TotalMilliseconds), Timeout.Infinite);
        }

        public override void Dispose()
        {
            _timer.Dispose();
        }
    }
}
