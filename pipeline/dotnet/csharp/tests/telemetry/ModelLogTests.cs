namespace TheNamespace.Tests;

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class ModelLogTests
{
    private readonly FakeLogger _logger = new();

    [Fact]
    public void A_fallback_is_a_warning_with_its_reason()
    {
        new ModelLog(_logger, "digits").Loaded(Diagnostics("CPU", "no driver."), TimeSpan.FromMilliseconds(12));
        IReadOnlyList<FakeLogRecord> records = _logger.Collector.GetSnapshot();
        Assert.Equal("digits 1.0.0 is loaded: provider CPU, onnxruntime 1.31.1, 2 threads a run, in 12 ms.", records[0].Message);
        Assert.Equal((LogLevel.Information, 1), (records[0].Level, records[0].Id.Id));
        Assert.Equal("digits runs on CPU, not on what was asked for before it: CUDA: no driver.", records[1].Message);
        Assert.Equal((LogLevel.Warning, 2), (records[1].Level, records[1].Id.Id));
    }

    [Theory]
    [InlineData(true, LogLevel.Information, 4)]
    [InlineData(false, LogLevel.Error, 5)]
    public void A_self_test_is_said_with_what_came_of_it(bool passed, LogLevel level, int id)
    {
        var used = new Dictionary<string, double> { ["label"] = 0, ["scores"] = 0.25 };
        string[] differences = passed ? [] : ["scores: expected 1, got 2."];
        new ModelLog(_logger, "digits").SelfTested(new TheModelSelfTestResult(3, 9, used, new Dictionary<string, string>(), differences, Diagnostics("CPU", string.Empty)));
        Assert.Equal((level, id), (_logger.LatestRecord.Level, _logger.LatestRecord.Id.Id));
        Assert.Contains(passed ? "at most 0.25 of" : "scores: expected 1, got 2.", _logger.LatestRecord.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_queue_is_said_at_once_and_then_seldom_with_how_many_it_rejected()
    {
        long now = 0;
        var log = new ModelLog(_logger, "digits", () => now);
        log.QueueFull(8);
        log.QueueFull(8);
        log.QueueFull(8);
        Assert.Equal("1", Assert.Single(_logger.Collector.GetSnapshot()).GetStructuredStateValue("Rejected"));
        now = (long)(ModelLog.QueueFullInterval.TotalSeconds * Stopwatch.Frequency);
        log.QueueFull(8);
        Assert.Equal(2, _logger.Collector.Count);
        Assert.Equal("3", _logger.LatestRecord.GetStructuredStateValue("Rejected"));
        Assert.Equal((LogLevel.Warning, 6), (_logger.LatestRecord.Level, _logger.LatestRecord.Id.Id));
    }

    [Fact]
    public async Task A_row_that_the_queue_rejects_is_said()
    {
        using var fixture = new BatcherFixture(configure: options =>
        {
            options.MaxQueue = 1;
            options.RejectWhenFull = true;
            options.Log = new ModelLog(_logger, "digits");
        });
        await fixture.BlockAsync();
        Task<int>[] calls = fixture.CallAll(1, 2);
        await Assert.ThrowsAsync<TheModelQueueFullException>(() => calls[1]);
        Assert.Equal("The queue of digits is full, of 1 rows; rejected since this was last said: 1.", _logger.LatestRecord.Message);
    }

    [Fact]
    public void Loading_and_disposing_are_said_in_the_category_of_the_telemetry()
    {
        var logs = new FakeLogCollector();
        using (ServiceProvider provider = new ServiceCollection()
            .AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(logs)))
            .AddTheModel()
            .BuildServiceProvider())
        {
            provider.GetRequiredService<ITheModel>();
        }

        IReadOnlyList<FakeLogRecord> records = logs.GetSnapshot();
        Assert.Equal(["Loaded", "Disposed"], [records[0].Id.Name, records[1].Id.Name]);
        Assert.All(records, record => Assert.Equal("Torch2DotNet.TheModel", record.Category));
    }

    private static TheModelDiagnostics Diagnostics(string provider, string rejected)
    {
        return new TheModelDiagnostics(
            provider, rejected.Length == 0 ? [] : [new TheModelRejectedProvider("CUDA", rejected)], "1.31.1", "model.onnx", 2, usesGlobalThreadPool: false);
    }
}
