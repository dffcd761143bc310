#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Diagnostics;

/// <summary>Measures a run of onnxruntime, which is a call too unless it is a part of one.</summary>
internal readonly struct RunMeasurement : IDisposable
{
    private readonly LoadedModel _model;
    private readonly int _rows;
    private readonly bool _isCall;
    private readonly Activity? _activity;
    private readonly long _start;

    private RunMeasurement(LoadedModel model, int rows)
    {
        _model = model;
        _rows = rows;
        _isCall = !Telemetry.IsInsideCall;
        _activity = _isCall ? Telemetry.StartCall() : null;
        _start = Stopwatch.GetTimestamp();
    }

    internal static RunMeasurement Start(LoadedModel model, int rows)
    {
        return new RunMeasurement(model, rows);
    }

    internal void Succeeded()
    {
        End(null);
    }

    /// <summary>Notes why it failed; false, so that it can be the filter of a <c>catch</c> that catches nothing.</summary>
    internal bool Failed(Exception error)
    {
        End(error);
        return false;
    }

    public void Dispose()
    {
        _activity?.Dispose();
    }

    private void End(Exception? error)
    {
        Telemetry.EndRun(Telemetry.SecondsSince(_start), _rows, error);
        if (_isCall)
        {
            Telemetry.EndCall(_activity, _model, _rows, _rows, error);
        }
    }
}
