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
            // Infinite until it is set.
            _timer = new Timer(static state => ((Action)state!)(), ring, Timeout.Infinite, Timeout.Infinite);
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
