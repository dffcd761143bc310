namespace TheNamespace.Tests;

using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Threading;
using TheNamespace.TheModelEngine;

/// <summary>Answers a row with its tenfold; a negative row fails its whole run; rows are of equal sizes when their last digits are.</summary>
internal sealed class FakeRunner : IBatchRunner<int, int>
{
    /// <summary>Rows of each run, in the order in which the runs began.</summary>
    public ConcurrentQueue<int[]> Runs { get; } = new();

    /// <summary>The threads that ran.</summary>
    public ConcurrentQueue<int> Threads { get; } = new();

    /// <summary>While it is reset, runs do not end.</summary>
    public ManualResetEventSlim Open { get; } = new(initialState: true);

    /// <summary>Is released once for each run that has begun.</summary>
    public SemaphoreSlim Begun { get; } = new(0);

    /// <summary>Whether rows of all sizes run together.</summary>
    public bool IgnoresSizes { get; init; } = true;

    /// <summary>What a negative row throws.</summary>
    public Exception Failure { get; init; } = new TheModelException("A negative row.");

    public bool HasOneSize => false;

    public bool HaveEqualSizes(int first, int second)
    {
        return IgnoresSizes || first % 10 == second % 10;
    }

    public void RunBatch(int[] rows, int start, int count, int[] outputs, CancellationToken cancellationToken)
    {
        int[] batch = [.. rows.Skip(start).Take(count)];
        Runs.Enqueue(batch);
        Threads.Enqueue(Environment.CurrentManagedThreadId);
        Begun.Release();
        Open.Wait(cancellationToken);
        for (int i = 0; i < count; i++)
        {
            outputs[start + i] = batch[i] >= 0 ? batch[i] * 10 : throw Failure;
        }
    }
}
