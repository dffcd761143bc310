namespace TheNamespace.Tests;

using System;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class SessionCacheTests
{
    [Fact]
    public void Options_that_decide_nothing_of_the_session_share_it()
    {
        var cache = new SessionCache();
        LoadedSession first = cache.Get(new TheModelOptions { IntraOpNumThreads = 1 });
        LoadedSession second = cache.Get(new TheModelOptions { IntraOpNumThreads = 1, MaxBatchSize = 7, ValidateInputs = true, Provider = "cpu" });
        Assert.Same(first, second);
        first.Release();
        Assert.NotEmpty(second.Session.InputNames);
        second.Release();
        Assert.False(first.TryShare());
    }

    [Fact]
    public void Options_that_decide_the_session_do_not_share_it()
    {
        TheModelOptions[] all =
        [
            new() { IntraOpNumThreads = 1 },
            new() { IntraOpNumThreads = 3 },
            new() { IntraOpNumThreads = 1, Provider = "CUDA, CPU" },
            new() { IntraOpNumThreads = 1, ModelPath = Path.Combine(AppContext.BaseDirectory, TheModel.ModelFile) },
            new() { IntraOpNumThreads = 1, ConfigureSession = _ => { } },
        ];
        var cache = new SessionCache();
        LoadedSession[] sessions = all.Select(cache.Get).ToArray();
        Assert.Equal(all.Length, sessions.Distinct().Count());
        Assert.All(sessions, session => session.Release());
    }

    [Fact]
    public void Configured_sessions_are_not_shared_even_with_themselves()
    {
        var cache = new SessionCache();
        var options = new TheModelOptions { ConfigureSession = _ => { } };
        LoadedSession first = cache.Get(options);
        LoadedSession second = cache.Get(options);
        Assert.NotSame(first, second);
        first.Release();
        second.Release();
    }

    [Fact]
    public void A_session_whose_last_user_went_is_not_handed_out_again()
    {
        var cache = new SessionCache();
        LoadedSession first = cache.Get(new TheModelOptions());
        first.Release();
        LoadedSession second = cache.Get(new TheModelOptions());
        Assert.NotSame(first, second);
        Assert.NotEmpty(second.Session.InputNames);
        second.Release();
    }

    [Fact]
    public void A_failure_is_not_kept()
    {
        int loads = 0;
        var cache = new SessionCache(options => ++loads == 1 ? throw new TheModelLoadException("the first time") : LoadedSession.FromPackage(options));
        Assert.Throws<TheModelLoadException>(() => cache.Get(new TheModelOptions()));
        cache.Get(new TheModelOptions()).Release();
        Assert.Equal(2, loads);
    }

    [Fact]
    public async Task Callers_at_once_load_it_once()
    {
        const int Callers = 8;
        int loads = 0;
        var cache = new SessionCache(options =>
        {
            Interlocked.Increment(ref loads);
            return LoadedSession.FromPackage(options);
        });
        using var start = new Barrier(Callers);
        Task<LoadedSession>[] callers = Enumerable.Range(0, Callers).Select(_ => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                return cache.Get(new TheModelOptions());
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)).ToArray();
        LoadedSession[] sessions = await Task.WhenAll(callers);
        Assert.Single(sessions.Distinct());
        Assert.Equal(1, loads);
        Assert.All(sessions, session => session.Release());
        Assert.False(sessions[0].TryShare());
    }

    [Fact]
    public async Task Users_who_come_and_go_always_get_a_session_that_runs()
    {
        var cache = new SessionCache();
        Task[] users = Enumerable.Range(0, 4).Select(_ => Task.Run(
            () =>
            {
                for (int i = 0; i < 10; i++)
                {
                    var options = new TheModelOptions { IntraOpNumThreads = 1 };
                    using TheModel model = TheModel.Open(cache.Get(options), options);
                    Assert.Equal(3, model.Run([1f, 0f, 0f, 0f]).Scores.Length);
                }
            },
            TestContext.Current.CancellationToken)).ToArray();
        await Task.WhenAll(users);
    }
}
