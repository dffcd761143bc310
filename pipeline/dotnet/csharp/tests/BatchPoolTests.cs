namespace TheNamespace.Tests;

using System;
using System.Linq;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class BatchPoolTests
{
    // 2^20 values, all that may be idle, are 1024 rows.
    private const int ValuesPerRow = 1024;

    [Fact]
    public void What_is_returned_is_taken_by_the_next_batch_of_as_many_rows()
    {
        using var pool = new BatchPool<Memory>(ValuesPerRow, _ => new Memory());
        Memory first = pool.Take(3);
        pool.Return(3, first);
        Assert.NotSame(first, pool.Take(2));
        Assert.Same(first, pool.Take(3));
        Assert.NotSame(first, pool.Take(3));
    }

    [Fact]
    public void A_large_batch_is_not_kept()
    {
        using var pool = new BatchPool<Memory>(ValuesPerRow, _ => new Memory());
        var small = new Memory();
        pool.Return(2, small);
        var large = new Memory();
        pool.Return(1025, large);
        Assert.True(large.IsDisposed);
        Assert.False(small.IsDisposed);
    }

    [Fact]
    public void Those_idle_longest_make_room()
    {
        using var pool = new BatchPool<Memory>(ValuesPerRow, _ => new Memory());
        Memory[] memories = [.. Enumerable.Range(0, 4).Select(_ => new Memory())];
        pool.Return(500, memories[0]);
        pool.Return(24, memories[1]);
        pool.Return(500, memories[2]);
        pool.Return(501, memories[3]);
        Assert.Equal([memories[0], memories[1]], memories.Where(each => each.IsDisposed));
    }

    [Fact]
    public void However_small_they_are_sixty_four_are_kept()
    {
        using var pool = new BatchPool<Memory>(1, _ => new Memory());
        Memory[] memories = [.. Enumerable.Range(0, 65).Select(_ => new Memory())];
        Array.ForEach(memories, each => pool.Return(2, each));
        Assert.Equal([memories[0]], memories.Where(each => each.IsDisposed));
    }

    [Fact]
    public void What_is_idle_ends_with_the_model()
    {
        var pool = new BatchPool<Memory>(ValuesPerRow, _ => new Memory());
        var memory = new Memory();
        pool.Return(2, memory);
        pool.Dispose();
        Assert.True(memory.IsDisposed);
    }

    private sealed class Memory : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose()
        {
            IsDisposed = true;
        }
    }
}
