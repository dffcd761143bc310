namespace TheNamespace.Tests;

using System;
using System.Threading;
using System.Threading.Tasks;
using TheNamespace.TheModelEngine;

/// <summary>A batcher over a fake, with one run at a time unless the options say otherwise.</summary>
internal sealed class BatcherFixture : IDisposable
{
    private readonly LoadedModel _model;

    public BatcherFixture(FakeRunner? runner = null, Clock? clock = null, Action<TheModelOptions>? configure = null)
    {
        var options = new TheModelOptions { IntraOpNumThreads = 1, MaxConcurrency = 1 };
        configure?.Invoke(options);
        Runner = runner ?? new FakeRunner();
        _model = new LoadedModel(LoadedSession.FromPackage(options), options);
        Batcher = new Batcher<int, int>(Runner, _model, options.MaxBatchSize, clock);
        _model.Own(stoppedFirst: Batcher);
    }

    public FakeRunner Runner { get; }

    public Batcher<int, int> Batcher { get; }

    /// <summary>A call that fails, and does not hang, when it is forgotten.</summary>
    public Task<int> Call(int row)
    {
        return Batcher.RunAsync(row, CancellationToken.None).WaitAsync(TestLimits.Time);
    }

    public Task<int>[] CallAll(params int[] rows)
    {
        return Array.ConvertAll(rows, Call);
    }

    /// <summary>Occupies the only run with row 0, until the runner is opened.</summary>
    public async Task<Task<int>> BlockAsync()
    {
        Runner.Open.Reset();
        Task<int> blocked = Call(0);
        await Runner.Begun.WaitAsync(TestLimits.Token);
        return blocked;
    }

    public void Dispose()
    {
        Runner.Open.Set();
        _model.Dispose();
    }
}
