#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Metrics;

/// <summary>
/// What this model tells about its work: a <see cref="Meter"/> and an <see cref="ActivitySource"/>, both named
/// <see cref="Facts.TelemetryName"/>, with the package's version. While nobody listens, nothing is measured and nothing allocated.
/// </summary>
/// <remarks>
/// A call is what a program calls: one row, a list of rows, a row of a stream, or buffers that are run. A run is one of onnxruntime: the rows
/// of several calls, or a part of a call's rows.
/// <list type="table">
/// <listheader><term>Instrument</term><description>Kind, unit, attributes: meaning</description></listheader>
/// <item><term>torch2dotnet.calls</term><description>Counter, {call}, <c>model.name</c>, <c>outcome</c> (<c>ok</c>, <c>cancelled</c>, <c>error</c>): calls that have ended.</description></item>
/// <item><term>torch2dotnet.errors</term><description>Counter, {error}, <c>model.name</c>, <c>error.type</c>: calls that have failed, by the exception's type; a cancelled call has not.</description></item>
/// <item><term>torch2dotnet.rows</term><description>Counter, {row}, <c>model.name</c>: rows that were run with success.</description></item>
/// <item><term>torch2dotnet.run.batch_size</term><description>Histogram, {row}, <c>model.name</c>: rows in a run.</description></item>
/// <item><term>torch2dotnet.run.duration</term><description>Histogram, s, <c>model.name</c>, <c>error.type</c> where it failed: time of a run.</description></item>
/// <item><term>torch2dotnet.queue.duration</term><description>Histogram, s, <c>model.name</c>: time from <c>RunAsync</c> until a row's run begins.</description></item>
/// <item><term>torch2dotnet.queue.length</term><description>UpDownCounter, {row}, <c>model.name</c>: rows that wait for a run, or for room in the queue.</description></item>
/// <item><term>run (name of the model)</term><description>Activity of a call: <c>model.name</c>, <c>torch2dotnet.rows</c>, <c>torch2dotnet.batch_size</c> (the largest run that had a row of it), <c>torch2dotnet.provider</c>, and where it failed <c>error.type</c> and the status Error.</description></item>
/// </list>
/// </remarks>
internal static class Telemetry
{
    private const string ModelNameKey = "model.name";
    private const string ErrorTypeKey = "error.type";
    private const string ActivityName = "run " + Facts.ModelName;

    private static readonly KeyValuePair<string, object?> Model = new(ModelNameKey, Facts.ModelName);
    private static readonly ActivitySource Source = new(Facts.TelemetryName, Facts.PackageVersion);
    private static readonly Meter Meter = new(Facts.TelemetryName, Facts.PackageVersion);
    private static readonly Counter<long> Calls = Meter.CreateCounter<long>("torch2dotnet.calls", "{call}", "Calls that have ended.");
    private static readonly Counter<long> Errors = Meter.CreateCounter<long>("torch2dotnet.errors", "{error}", "Calls that have failed.");
    private static readonly Counter<long> Rows = Meter.CreateCounter<long>("torch2dotnet.rows", "{row}", "Rows that were run with success.");
    private static readonly Histogram<int> BatchSize = Meter.CreateHistogram<int>("torch2dotnet.run.batch_size", "{row}", "Rows in a run.");
    private static readonly Histogram<double> RunDuration = Meter.CreateHistogram<double>("torch2dotnet.run.duration", "s", "Time of a run.");
    private static readonly Histogram<double> QueueDuration = Meter.CreateHistogram<double>("torch2dotnet.queue.duration", "s", "Time until a row's run begins.");
    private static readonly UpDownCounter<int> QueueLength = Meter.CreateUpDownCounter<int>("torch2dotnet.queue.length", "{row}", "Rows that wait.");

    [ThreadStatic]
    private static bool isInsideCall;

    /// <summary>Whether anybody wants to know of calls and runs.</summary>
    internal static bool IsListening =>
        Source.HasListeners() || RunDuration.Enabled || Calls.Enabled || Rows.Enabled || BatchSize.Enabled || QueueDuration.Enabled || Errors.Enabled;

    internal static bool IsQueueWatched => QueueLength.Enabled;

    /// <summary>Whether the runs on this thread are a part of a call that another measures.</summary>
    internal static bool IsInsideCall
    {
        get => isInsideCall;
        set => isInsideCall = value;
    }

    internal static double SecondsSince(long timestamp)
    {
        return (Stopwatch.GetTimestamp() - timestamp) / (double)Stopwatch.Frequency;
    }

    internal static Activity? StartCall()
    {
        return Source.StartActivity(ActivityName);
    }

    /// <param name="activity">What <see cref="StartCall"/> has given.</param>
    /// <param name="model">The model.</param>
    /// <param name="rows">Rows of the call.</param>
    /// <param name="batchSize">Rows in the largest run.</param>
    /// <param name="error">Why it failed; null for a success.</param>
    internal static void EndCall(Activity? activity, LoadedModel model, int rows, int batchSize, Exception? error)
    {
        bool isCancelled = error is OperationCanceledException;
        string outcome = error == null ? "ok" : isCancelled ? "cancelled" : "error";
        Calls.Add(1, Model, new KeyValuePair<string, object?>("outcome", outcome));
        if (error != null && !isCancelled)
        {
            Errors.Add(1, Model, TypeOf(error));
        }

        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag(ModelNameKey, Facts.ModelName);
            activity.SetTag("torch2dotnet.rows", rows);
            activity.SetTag("torch2dotnet.batch_size", batchSize);
            activity.SetTag("torch2dotnet.provider", model.Diagnostics.Provider);
            if (error != null)
            {
                activity.SetTag(ErrorTypeKey, error.GetType().FullName);
                activity.SetStatus(isCancelled ? ActivityStatusCode.Unset : ActivityStatusCode.Error, isCancelled ? null : error.Message);
            }
        }
    }

    internal static void EndRun(double seconds, int rows, Exception? error)
    {
        BatchSize.Record(rows, Model);
        if (error == null)
        {
            RunDuration.Record(seconds, Model);
            Rows.Add(rows, Model);
        }
        else
        {
            RunDuration.Record(seconds, Model, TypeOf(error));
        }
    }

    internal static void EndWait(double seconds)
    {
        QueueDuration.Record(seconds, Model);
    }

    internal static void ChangeQueue(int rows)
    {
        QueueLength.Add(rows, Model);
    }

    private static KeyValuePair<string, object?> TypeOf(Exception error)
    {
        return new KeyValuePair<string, object?>(ErrorTypeKey, error.GetType().FullName);
    }
}
