#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Diagnostics;

/// <summary>Measures a call of many rows, whose runs on this thread are a part of it. Costs nothing while nobody listens.</summary>
internal readonly struct CallMeasurement : IDisposable
{
    private readonly LoadedModel? _model;
    private readonly int _rows;
    private readonly int _batchSize;
    private readonly Activity? _activity;

    private CallMeasurement(LoadedModel model, int rows, int batchSize)
    {
        _model = model;
        _rows = rows;
        _batchSize = batchSize;
        _activity = Telemetry.StartCall();
        Telemetry.IsInsideCall = true;
    }

    /// <param name="model">The model.</param>
    /// <param name="rows">Rows of the call.</param>
    /// <param name="maxBatchSize">Rows of its largest run, if it has so many.</param>
    internal static CallMeasurement Start(LoadedModel model, int rows, int maxBatchSize)
    {
        return Telemetry.IsListening ? new CallMeasurement(model, rows, Math.Min(rows, maxBatchSize)) : default;
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
        if (_model != null)
        {
            Telemetry.IsInsideCall = false;
            _activity?.Dispose();
        }
    }

    private void End(Exception? error)
    {
        if (_model != null)
        {
            Telemetry.EndCall(_activity, _model, _rows, _batchSize, error);
        }
    }
}
