#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using Microsoft.ML.OnnxRuntime;

/// <summary>One run whose sizes are known only now: rented memory for the inputs, and outputs that onnxruntime allocates.</summary>
internal sealed class UnboundRun : IDisposable
{
    private readonly LoadedModel _model;
    private readonly List<OrtValue> _inputs = [];
    private readonly List<IDisposable> _memory = [];
    private IDisposableReadOnlyCollection<OrtValue>? _outputs;
    private int _rows;
    private int _disposed;

    /// <summary>Keeps the model alive until <see cref="Dispose"/>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="rows">How many rows the run has, for telemetry; 0 for the size of the first input's first axis.</param>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    internal UnboundRun(LoadedModel model, int rows = 0)
    {
        _model = model;
        _rows = rows;
        model.Lifetime.Enter();
    }

    /// <summary>The next input, to be filled.</summary>
    internal Span<T> AddInput<T>(long length, params long[] shape)
        where T : unmanaged
    {
        var memory = new TensorMemory<T>(checked((int)length), shape, pooled: true);
        _memory.Add(memory);
        CountRows(shape);
        _inputs.Add(memory.Value);
        return memory.Span;
    }

    /// <summary>The next input, of texts that are empty until <c>StringTensorSetElementAt</c> sets them.</summary>
    internal OrtValue AddTexts(params long[] shape)
    {
        OrtValue value = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, shape);
        _memory.Add(value);
        CountRows(shape);
        _inputs.Add(value);
        return value;
    }

    /// <summary>Runs the model on the inputs.</summary>
    /// <param name="inputNames">Their names, in the order in which they were added.</param>
    /// <param name="outputNames">Names of the outputs.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="OperationCanceledException">The token has ended the run.</exception>
    /// <exception cref="TheModelException">onnxruntime failed.</exception>
    internal void Run(string[] inputNames, string[] outputNames, CancellationToken cancellationToken)
    {
        if (Telemetry.IsListening)
        {
            RunMeasured(inputNames, outputNames, cancellationToken);
        }
        else
        {
            RunAlone(inputNames, outputNames, cancellationToken);
        }
    }

    /// <summary>The shape of an output, which must be the contract's: with another shape its rows could not be separated.</summary>
    /// <param name="output">Its place.</param>
    /// <param name="name">Its name.</param>
    /// <param name="expected">The contract's shape; -1 is any size.</param>
    /// <exception cref="TheModelException">It has another shape.</exception>
    internal long[] Shape(int output, string name, params long[] expected)
    {
        long[] shape = _outputs![output].GetTensorTypeAndShape().Shape;
        bool matches = shape.Length == expected.Length;
        for (int i = 0; matches && i < shape.Length; i++)
        {
            matches = expected[i] < 0 || shape[i] == expected[i];
        }

        return matches
            ? shape
            : throw new TheModelException(
                name + ": expected shape [" + Join(expected).Replace("-1", "any") + "], got [" + Join(shape) + "]: the model's axes differ from its contract; "
                + "give axes of different sizes different names in model.dynamic_axes and package the model again.");
    }

    /// <summary>The values of an output; they live as long as this run.</summary>
    internal ReadOnlySpan<T> Values<T>(int output)
        where T : unmanaged
    {
        return _outputs![output].GetTensorDataAsSpan<T>();
    }

    internal string Text(int output, int index)
    {
        return _outputs![output].GetStringElement(index);
    }

    internal string[] Texts(int output, int start, int count)
    {
        var texts = new string[count];
        for (int i = 0; i < count; i++)
        {
            texts[i] = Text(output, start + i);
        }

        return texts;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _outputs?.Dispose();
            _memory.ForEach(part => part.Dispose());
            _model.Lifetime.Leave();
        }
    }

    private void CountRows(long[] shape)
    {
        if (_rows == 0)
        {
            _rows = shape.Length == 0 ? 1 : (int)Math.Min(shape[0], int.MaxValue);
        }
    }

    private void RunMeasured(string[] inputNames, string[] outputNames, CancellationToken cancellationToken)
    {
        using RunMeasurement measurement = RunMeasurement.Start(_model, _rows);
        try
        {
            RunAlone(inputNames, outputNames, cancellationToken);
        }
        catch (Exception error) when (measurement.Failed(error))
        {
            throw;
        }

        measurement.Succeeded();
    }

    private void RunAlone(string[] inputNames, string[] outputNames, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RunStopper stopper = _model.Stoppers.Take();
        CancellationTokenRegistration registration = cancellationToken.CanBeCanceled ? stopper.Watch(cancellationToken) : default;
        try
        {
            _outputs = _model.Session.Run(stopper.Options, inputNames, _inputs, outputNames);
        }
        catch (OnnxRuntimeException error)
        {
            throw LoadedModel.Failure(error, cancellationToken);
        }
        finally
        {
            stopper.Unwatch(registration);
            _model.Stoppers.Return(stopper);
        }
    }

    private static string Join(long[] sizes)
    {
        return string.Join(", ", Array.ConvertAll(sizes, size => size.ToString(CultureInfo.InvariantCulture)));
    }
}
