namespace TheNamespace.Tests;

using System;
using TheNamespace.TheModelEngine;

/// <summary>Time that stands until a test moves it.</summary>
internal sealed class ManualClock : Clock
{
    private TimeSpan _now = TimeSpan.FromDays(1);
    private ManualAlarm? _alarm;

    public bool AlarmIsDisposed => _alarm!.IsDisposed;

    internal override TimeSpan Now => _now;

    internal override Alarm CreateAlarm(Action ring)
    {
        return _alarm = new ManualAlarm(this, ring);
    }

    public void Move(TimeSpan time)
    {
        _now += time;
        _alarm!.RingIfDue();
    }

    private sealed class ManualAlarm(ManualClock clock, Action ring) : Alarm
    {
        private TimeSpan? _due;

        public bool IsDisposed { get; private set; }

        public void RingIfDue()
        {
            if (_due <= clock.Now)
            {
                _due = null;
                ring();
            }
        }

        internal override void Set(TimeSpan delay)
        {
            _due = clock.Now + delay;
        }

        public override void Dispose()
        {
            IsDisposed = true;
        }
    }
}
