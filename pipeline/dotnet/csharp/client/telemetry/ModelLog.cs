#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Microsoft.Extensions.Logging;

/// <summary>
/// What a model that a container has loaded writes to <see cref="ILogger"/>, in the category <see cref="Facts.TelemetryName"/>; the table of
/// events stands at TheModelServiceCollectionExtensions.
/// </summary>
internal sealed class ModelLog
{
    internal static readonly TimeSpan QueueFullInterval = TimeSpan.FromSeconds(10);

    private readonly ILogger? _logger;
    private readonly string _model;
    private readonly Func<long> _timestamp;
    private long _queueFullSaid;
    private int _rejected;

    /// <param name="logger">Where it is written; null: nowhere.</param>
    /// <param name="model">How the model is called: the contract's name, and the key of a keyed instance.</param>
    /// <param name="timestamp">The time, in ticks of <see cref="Stopwatch"/>; for tests.</param>
    internal ModelLog(ILogger? logger, string model, Func<long>? timestamp = null)
    {
        _logger = logger;
        _model = model;
        _timestamp = timestamp ?? Stopwatch.GetTimestamp;
        _queueFullSaid = _timestamp() - Ticks(QueueFullInterval);
    }

    /// <summary>Of a model that no container has loaded.</summary>
    internal static ModelLog None { get; } = new(logger: null, Facts.ModelName);

    internal void Loaded(TheModelDiagnostics diagnostics, TimeSpan duration)
    {
        if (_logger is null)
        {
            return;
        }

        Events.Loaded(
            _logger,
            _model,
            Facts.PackageVersion,
            diagnostics.Provider,
            diagnostics.OnnxRuntimeVersion,
            diagnostics.IntraOpNumThreads,
            (long)duration.TotalMilliseconds,
            null);
        if (diagnostics.RejectedProviders.Count > 0)
        {
            Events.ProviderFallback(_logger, _model, diagnostics.Provider, string.Join("; ", diagnostics.RejectedProviders), null);
        }
    }

    internal void WarmedUp(TimeSpan duration)
    {
        if (_logger is null)
        {
            return;
        }

        Events.WarmedUp(_logger, _model, (long)duration.TotalMilliseconds, null);
    }

    internal void SelfTested(TheModelSelfTestResult result)
    {
        if (_logger is null)
        {
            return;
        }

        if (result.Passed)
        {
            Events.SelfTestPassed(_logger, _model, result.Calls, result.Used.Values.DefaultIfEmpty().Max(), null);
        }
        else
        {
            Events.SelfTestFailed(_logger, _model, result.Calls, string.Join(" ", result.Differences), null);
        }
    }

    /// <summary>A row was rejected; said at most once in <see cref="QueueFullInterval"/>, since a full queue rejects many.</summary>
    internal void QueueFull(int maxQueue)
    {
        if (_logger is null)
        {
            return;
        }

        Interlocked.Increment(ref _rejected);
        long now = _timestamp();
        long said = Volatile.Read(ref _queueFullSaid);
        if (now - said >= Ticks(QueueFullInterval) && Interlocked.CompareExchange(ref _queueFullSaid, now, said) == said)
        {
            Events.QueueFull(_logger, _model, maxQueue, Interlocked.Exchange(ref _rejected, 0), null);
        }
    }

    internal void Disposed()
    {
        if (_logger != null)
        {
            Events.Disposed(_logger, _model, null);
        }
    }

    private static long Ticks(TimeSpan interval)
    {
        return (long)(interval.TotalSeconds * Stopwatch.Frequency);
    }

    /// <summary>In a class of their own: to make them costs milliseconds, which a program that does not log would pay at its start.</summary>
    private static class Events
    {
        internal static readonly Action<ILogger, string, string, string, string, int, long, Exception?> Loaded =
            LoggerMessage.Define<string, string, string, string, int, long>(
                LogLevel.Information,
                new EventId(1, nameof(Loaded)),
                "{Model} {PackageVersion} is loaded: provider {Provider}, onnxruntime {OnnxRuntimeVersion}, {IntraOpNumThreads} threads a run, in {Milliseconds} ms.");

        internal static readonly Action<ILogger, string, string, string, Exception?> ProviderFallback =
            LoggerMessage.Define<string, string, string>(
                LogLevel.Warning,
                new EventId(2, "ProviderFallback"),
                "{Model} runs on {Provider}, not on what was asked for before it: {RejectedProviders}");

        internal static readonly Action<ILogger, string, long, Exception?> WarmedUp =
            LoggerMessage.Define<string, long>(
                LogLevel.Information, new EventId(3, nameof(WarmedUp)), "{Model} has answered its first call, in {Milliseconds} ms.");

        internal static readonly Action<ILogger, string, int, double, Exception?> SelfTestPassed =
            LoggerMessage.Define<string, int, double>(
                LogLevel.Information,
                new EventId(4, "SelfTestPassed"),
                "{Model} passed its self-test: {Calls} golden calls, at most {Used:0.####} of the difference that is allowed (1 is the limit).");

        internal static readonly Action<ILogger, string, int, string, Exception?> SelfTestFailed =
            LoggerMessage.Define<string, int, string>(
                LogLevel.Error, new EventId(5, "SelfTestFailed"), "{Model} failed its self-test of {Calls} golden calls: {Differences}");

        internal static readonly Action<ILogger, string, int, int, Exception?> QueueFull =
            LoggerMessage.Define<string, int, int>(
                LogLevel.Warning,
                new EventId(6, nameof(QueueFull)),
                "The queue of {Model} is full, of {MaxQueue} rows; rejected since this was last said: {Rejected}.");

        internal static readonly Action<ILogger, string, Exception?> Disposed =
            LoggerMessage.Define<string>(LogLevel.Information, new EventId(7, nameof(Disposed)), "{Model} is disposed.");
    }
}
