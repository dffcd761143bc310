namespace TheNamespace.Tests;

using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using TheNamespace.TheModelEngine;
using Xunit;

/// <summary>Meter and source are the process's: while these tests listen, no others run.</summary>
[CollectionDefinition(nameof(TelemetryTests), DisableParallelization = true)]
public sealed class TelemetryCollection;

[Collection(nameof(TelemetryTests))]
public sealed class TelemetryTests
{
    private static readonly float[] Row = [1f, 2f, 3f, 4f];

    [Fact]
    public async Task Every_call_is_counted_with_its_outcome()
    {
        using MetricCollector<long> calls = Collect<long>("torch2dotnet.calls");
        using var fixture = new BatcherFixture();
        await fixture.Call(1);
        await Assert.ThrowsAsync<TheModelException>(() => fixture.Call(-1));
        fixture.Runner.Open.Reset();
        using var source = new CancellationTokenSource();
        Task<int> cancelled = fixture.Batcher.RunAsync(1, source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal(["ok", "error", "cancelled"], calls.GetMeasurementSnapshot().Select(each => each.Tags["outcome"]));
        Assert.All(calls.GetMeasurementSnapshot(), each => Assert.Equal("the model", each.Tags["model.name"]));
    }

    [Fact]
    public async Task Errors_are_counted_by_their_type_and_cancellation_is_none()
    {
        using MetricCollector<long> errors = Collect<long>("torch2dotnet.errors");
        using var fixture = new BatcherFixture();
        await Assert.ThrowsAsync<TheModelException>(() => fixture.Call(-1));
        await Assert.ThrowsAsync<TaskCanceledException>(() => fixture.Batcher.RunAsync(1, new CancellationToken(canceled: true)));
        CollectedMeasurement<long> error = Assert.Single(errors.GetMeasurementSnapshot());
        Assert.Equal("TheNamespace.TheModelException", error.Tags["error.type"]);
    }

    [Fact]
    public async Task Runs_are_measured_with_the_rows_that_shared_them()
    {
        using MetricCollector<int> batchSizes = Collect<int>("torch2dotnet.run.batch_size");
        using MetricCollector<long> rows = Collect<long>("torch2dotnet.rows");
        using MetricCollector<double> durations = Collect<double>("torch2dotnet.run.duration");
        using MetricCollector<long> calls = Collect<long>("torch2dotnet.calls");
        await using TheModel model = TheModel.Load(new TheModelOptions { MaxDelay = TimeSpan.FromSeconds(20), MaxBatchSize = 2 });
        await Task.WhenAll(model.RunAsync(Row), model.RunAsync(Row));
        model.Run([Row, Row, Row]);
        model.Run(new[] { Row, Row, Row }.SelectMany(row => row).ToArray(), 3);
        model.Run(Row);
        Assert.Equal([2, 2, 1, 2, 1, 1], batchSizes.GetMeasurementSnapshot().Select(each => each.Value));
        Assert.Equal(9, rows.GetMeasurementSnapshot().EvaluateAsCounter());
        Assert.All(durations.GetMeasurementSnapshot(), each => Assert.InRange(each.Value, 1e-9, 20));
        Assert.Equal(5, calls.GetMeasurementSnapshot().EvaluateAsCounter());
    }

    [Fact]
    public async Task The_queue_is_measured_in_length_and_time()
    {
        using MetricCollector<int> length = Collect<int>("torch2dotnet.queue.length");
        using MetricCollector<double> durations = Collect<double>("torch2dotnet.queue.duration");
        var clock = new ManualClock();
        using var fixture = new BatcherFixture(clock: clock, configure: options => options.MaxDelay = TimeSpan.FromSeconds(2));
        using var source = new CancellationTokenSource();
        Task<int> cancelled = fixture.Batcher.RunAsync(1, source.Token);
        Task<int> answered = fixture.Call(2);
        Assert.Equal(2, length.GetMeasurementSnapshot().Sum(each => each.Value));
        await source.CancelAsync();
        clock.Move(TimeSpan.FromSeconds(2));
        await answered;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal(0, length.GetMeasurementSnapshot().Sum(each => each.Value));
        Assert.Equal(2, Assert.Single(durations.GetMeasurementSnapshot()).Value);
    }

    [Fact]
    public async Task A_listener_who_comes_late_sees_no_queue_below_zero()
    {
        using var fixture = new BatcherFixture();
        Task<int> before = await fixture.BlockAsync();
        Task<int> waiting = fixture.Call(1);
        using MetricCollector<int> length = Collect<int>("torch2dotnet.queue.length");
        fixture.Runner.Open.Set();
        await Task.WhenAll(before, waiting);
        Assert.Empty(length.GetMeasurementSnapshot());
    }

    [Fact]
    public void Units_and_version_are_told()
    {
        var instruments = new ConcurrentDictionary<string, string?>(StringComparer.Ordinal);
        string? version = null;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == "Torch2DotNet.TheModel")
                {
                    version = instrument.Meter.Version;
                    instruments[instrument.Name] = instrument.Unit;
                }
            },
        };
        _ = Telemetry.IsListening;
        listener.Start();
        Assert.Equal("1.0.0", version);
        Assert.Equal(
            [
                "torch2dotnet.calls {call}", "torch2dotnet.errors {error}", "torch2dotnet.queue.duration s", "torch2dotnet.queue.length {row}",
                "torch2dotnet.rows {row}", "torch2dotnet.run.batch_size {row}", "torch2dotnet.run.duration s",
            ],
            instruments.Select(each => each.Key + " " + each.Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_call_is_one_activity_under_its_callers()
    {
        var ended = new ConcurrentQueue<Activity>();
        using ActivityListener listener = Listen(ended);
        using var source = new ActivitySource("the test");
        await using TheModel model = TheModel.Load(new TheModelOptions { MaxDelay = TimeSpan.FromSeconds(20), MaxBatchSize = 2 });
        using (Activity caller = source.StartActivity("caller")!)
        {
            await Task.WhenAll(model.RunAsync(Row), model.RunAsync(Row));
            model.Run([Row, Row, Row]);
            model.Run(new[] { Row, Row, Row }.SelectMany(row => row).ToArray(), 3);
            model.Run(Row);
            Assert.Same(caller, Activity.Current);
            Assert.All(ended, each => Assert.Equal(caller.SpanId, each.ParentSpanId));
        }

        Activity[] calls = [.. ended.Where(each => each.Source.Name == "Torch2DotNet.TheModel")];
        Assert.Equal(["1/2", "1/2", "3/2", "3/2", "1/1"], calls.Select(each => $"{each.GetTagItem("torch2dotnet.rows")}/{each.GetTagItem("torch2dotnet.batch_size")}"));
        Assert.All(calls, each => Assert.Equal("run the model", each.DisplayName));
        Assert.All(calls, each => Assert.Equal("CPU", each.GetTagItem("torch2dotnet.provider")));
        Assert.All(calls, each => Assert.Equal(ActivityStatusCode.Unset, each.Status));
    }

    [Fact]
    public async Task An_activity_says_what_failed()
    {
        var ended = new ConcurrentQueue<Activity>();
        using ActivityListener listener = Listen(ended);
        using var fixture = new BatcherFixture();
        await Assert.ThrowsAsync<TheModelException>(() => fixture.Call(-1));
        Activity call = Assert.Single(ended);
        Assert.Equal(ActivityStatusCode.Error, call.Status);
        Assert.Equal("A negative row.", call.StatusDescription);
        Assert.Equal("TheNamespace.TheModelException", call.GetTagItem("error.type"));
    }

    [Fact]
    public void Buffers_allocate_nothing_while_nobody_listens()
    {
        using TheModel model = TheModel.Load(new TheModelOptions { IntraOpNumThreads = 1 });
        using TheModelBuffers buffers = model.CreateBuffers();
        Assert.Equal(0, Allocated(buffers.Run));
    }

    [Fact]
    public void Rows_that_are_right_are_given_no_name()
    {
        float[][] rows = [.. Enumerable.Repeat(Row, 1000)];
        Assert.Equal(0, Allocated(() => Rows.CheckAll(rows, static (row, _) => row, nameof(rows))));
    }

    [Fact]
    public async Task A_call_that_waits_allocates_its_place_and_its_task_while_nobody_listens()
    {
        using var fixture = new BatcherFixture();
        await fixture.BlockAsync();
        Assert.InRange(Allocated(() => fixture.Batcher.RunAsync(1, CancellationToken.None)), 1, 200);
    }

    private static long Allocated(Action run)
    {
        for (int i = 0; i < 100; i++)
        {
            run();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            run();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / 100;
    }

    private static MetricCollector<T> Collect<T>(string instrument)
        where T : struct
    {
        return new MetricCollector<T>(meterScope: null, "Torch2DotNet.TheModel", instrument);
    }

    private static ActivityListener Listen(ConcurrentQueue<Activity> ended)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is "Torch2DotNet.TheModel" or "the test",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
