namespace TheNamespace.Tests;

using System;
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
}
