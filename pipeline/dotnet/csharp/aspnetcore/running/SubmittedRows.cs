#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Diagnostics;
using System.Globalization;
using System.Threading;

/// <summary>
/// Counts the rows that an endpoint has given to <c>RunAsync</c>, whose queue lets callers wait without end: refuses those for which there is
/// no room, and those whose turn would come too late, by what others took.
/// </summary>
internal sealed class SubmittedRows
{
    private const int Smoothing = 8;

    private int _count;
    private long _ticksPerRow;

    /// <returns>For <see cref="Leave"/>.</returns>
    /// <exception cref="TheModelQueueFullException">The row is refused.</exception>
    internal long Enter(TheModelOptions options, TimeSpan maxWait)
    {
        int count = Interlocked.Increment(ref _count);
        int running = (int)Math.Min((long)options.MaxConcurrency * options.MaxBatchSize, int.MaxValue);
        double wait = (double)count * Volatile.Read(ref _ticksPerRow) / Stopwatch.Frequency;
        if (count <= running || (count - running <= options.MaxQueue && wait <= maxWait.TotalSeconds))
        {
            return Stopwatch.GetTimestamp();
        }

        Interlocked.Decrement(ref _count);
        options.Log.QueueFull(options.MaxQueue);
        throw new TheModelQueueFullException(string.Format(
            CultureInfo.InvariantCulture,
            "Expected at most {0} rows in the queue and a wait of at most {1:0.###} s, got {2} rows before this one: send fewer requests, or raise TheModelOptions.MaxQueue or TheModelEndpointOptions.MaxWait.",
            options.MaxQueue,
            maxWait.TotalSeconds,
            count - 1));
    }

    internal void Leave(long entered)
    {
        // A row waits for those before it, so that its time is theirs too.
        int count = Interlocked.Decrement(ref _count) + 1;
        long ticks = (Stopwatch.GetTimestamp() - entered) / count;
        long known = Volatile.Read(ref _ticksPerRow);
        Volatile.Write(ref _ticksPerRow, known == 0 ? ticks : known + ((ticks - known) / Smoothing));
    }
}
