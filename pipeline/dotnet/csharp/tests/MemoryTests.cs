namespace TheNamespace.Tests;

using System;
using System.Buffers;
using System.Threading.Tasks;
using Microsoft.ML.OnnxRuntime;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class MemoryTests
{
    // A size of its own, so that no other test rents arrays from the same shelf of the pool on this thread.
    private const int Length = 3_000_000;

    [Fact]
    public void Memory_may_be_disposed_twice()
    {
        var memory = new TensorMemory<short>(Length, [Length], pooled: true);
        memory.Dispose();
        memory.Dispose();
        short[] first = ArrayPool<short>.Shared.Rent(Length);
        short[] second = ArrayPool<short>.Shared.Rent(Length);
        Assert.NotSame(first, second);
    }

    [Fact]
    public void Memory_that_cannot_be_made_returns_its_array()
    {
        ushort[] array = ArrayPool<ushort>.Shared.Rent(Length);
        ArrayPool<ushort>.Shared.Return(array);
        Assert.ThrowsAny<Exception>(() => new TensorMemory<ushort>(Length, [Length, 2], pooled: true));
        Assert.Same(array, ArrayPool<ushort>.Shared.Rent(Length));
    }

    [Fact]
    public async Task Buffers_that_cannot_be_made_leave_the_model_alone()
    {
        var owner = new LoadedModelOwner();
        var run = new BoundRun(owner.Model, pooled: false);
        Assert.Throws<OnnxRuntimeException>(() => run.BindInput<float>("no such input", 4, [2, 4]));
        await AssertIsFreed(owner);
    }

    [Fact]
    public async Task Buffers_of_too_many_values_are_refused_and_leave_the_model_alone()
    {
        var owner = new LoadedModelOwner();
        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(
            () => new TheModelBuffers(owner.Model, int.MaxValue, false));
        Assert.Contains("features: expected at most 2147483647 values", error.Message, StringComparison.Ordinal);
        await AssertIsFreed(owner);
    }

    [Fact]
    public async Task An_unbound_run_may_be_disposed_twice()
    {
        var owner = new LoadedModelOwner();
        var run = new UnboundRun(owner.Model, ["features"], ["scores"]);
        run.AddInput<float>(4, 1, 4).Fill(1);
        run.Run(default);
        run.Dispose();
        run.Dispose();
        await AssertIsFreed(owner);
    }

    private static async Task AssertIsFreed(LoadedModelOwner owner)
    {
        bool isFreed = false;
        owner.Model.Own(freedLast: new Callback(() => isFreed = true));
        await owner.Model.DisposeAsync();
        Assert.True(isFreed);
    }

    private sealed class Callback(Action dispose) : IDisposable
    {
        public void Dispose()
        {
            dispose();
        }
    }
}
