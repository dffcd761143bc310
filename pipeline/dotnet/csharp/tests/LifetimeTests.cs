namespace TheNamespace.Tests;

using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class LifetimeTests
{
    [Fact]
    public void Memory_is_freed_after_the_last_run()
    {
        int freed = 0;
        var lifetime = new Lifetime(() => freed++);
        lifetime.Enter();
        Assert.True(lifetime.TryEnd());
        lifetime.Leave();
        Assert.Equal(0, freed);
        lifetime.Leave();
        Assert.Equal(1, freed);
        Assert.Throws<ObjectDisposedException>(lifetime.Enter);
    }

    [Fact]
    public void Memory_is_freed_after_the_last_buffers()
    {
        int freed = 0;
        var lifetime = new Lifetime(() => freed++);
        lifetime.Hold();
        Assert.True(lifetime.TryEnd());
        lifetime.Leave();
        Assert.True(lifetime.RunsEnded.IsCompleted);
        Assert.Equal(0, freed);
        Assert.Throws<ObjectDisposedException>(lifetime.Hold);
        lifetime.LetGo();
        Assert.Equal(1, freed);
    }

    [Fact]
    public void A_caller_who_is_refused_leaves_nothing_behind()
    {
        int freed = 0;
        var lifetime = new Lifetime(() => freed++);
        lifetime.Enter();
        lifetime.TryEnd();
        Assert.Throws<ObjectDisposedException>(lifetime.Enter);
        Assert.Throws<ObjectDisposedException>(lifetime.Hold);
        lifetime.Leave();
        lifetime.Leave();
        Assert.Equal(1, freed);
    }

    [Fact]
    public async Task Asynchronous_disposal_waits_for_runs_and_not_for_buffers_that_are_kept()
    {
        TheModel model = TheModel.Load();
        using TheModelBuffers buffers = model.CreateBuffers();
        await model.DisposeAsync().AsTask().WaitAsync(TestLimits.Time, TestLimits.Token);
        Assert.Throws<ObjectDisposedException>(buffers.Run);

        using var owner = new LoadedModelOwner();
        owner.Model.Lifetime.Enter();
        Task disposal = owner.Model.DisposeAsync().AsTask();
        Assert.False(disposal.IsCompleted);
        owner.Model.Lifetime.Leave();
        await disposal.WaitAsync(TestLimits.Time, TestLimits.Token);
    }

    [Fact]
    public async Task The_first_use_is_prepared_once_and_before_any_run()
    {
        using var owner = new LoadedModelOwner();
        int prepared = 0;
        owner.Model.FirstUse = () =>
        {
            // The preparation runs the model itself.
            owner.Model.Lifetime.Enter();
            owner.Model.Lifetime.Leave();
            Thread.Sleep(20);
            prepared++;
        };
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            owner.Model.Lifetime.Enter();
            Assert.Equal(1, Volatile.Read(ref prepared));
            owner.Model.Lifetime.Leave();
        })));
    }

    [Fact]
    public void A_model_that_fails_its_test_at_the_first_use_fails_every_run_and_is_tested_once()
    {
        using var owner = new LoadedModelOwner();
        int tests = 0;
        owner.Model.FirstUse = () =>
        {
            tests++;
            throw new TheModelSelfTestException("It differs.");
        };
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("It differs.", Assert.Throws<TheModelSelfTestException>(owner.Model.Lifetime.Enter).Message);
        }

        Assert.Equal(1, tests);
        Assert.False(owner.Model.IsRunning);
    }

    [Fact]
    public void A_first_use_that_could_not_be_prepared_is_tried_again()
    {
        using var owner = new LoadedModelOwner();
        int tries = 0;
        owner.Model.FirstUse = () =>
        {
            if (tries++ == 0)
            {
                throw new TimeoutException();
            }
        };
        Assert.Throws<TimeoutException>(owner.Model.Lifetime.Enter);
        owner.Model.Lifetime.Enter();
        owner.Model.Lifetime.Leave();
        Assert.Equal(2, tries);
    }
}
