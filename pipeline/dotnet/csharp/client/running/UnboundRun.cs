#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using Microsoft.ML.OnnxRuntime;

/// <summary>One run whose sizes are known only now: rented memory for the inputs, and outputs that onnxruntime allocates.</summary>
internal sealed class UnboundRun : ITensorRun, IDisposable
{
    private readonly LoadedModel _model;
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;
    private readonly List<OrtValue> _inputs = [];

    // By the place of the input; null for texts, which onnxruntime keeps.
    private readonly List<TensorMemory?> _memory = [];
    private IDisposableReadOnlyCollection<OrtValue>? _outputs;
    private int _rows;
    private int _disposed;

    /// <summary>Keeps the model alive until <see cref="Dispose"/>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputNames">Names of the inputs, in the order in which they are added.</param>
    /// <param name="outputNames">Names of the outputs.</param>
    /// <param name="rows">How many rows the run has, for telemetry; 0 for the size of the first input's first axis.</param>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    internal UnboundRun(LoadedModel model, string[] inputNames, string[] outputNames, int rows = 0)
    {
        _model = model;
        _inputNames = inputNames;
        _outputNames = outputNames;
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
        _memory.Add(null);
        CountRows(shape);
        _inputs.Add(value);
        return value;
    }

    /// <summary>Runs the model on the inputs.</summary>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="OperationCanceledException">The token has ended the run.</exception>
    /// <exception cref="TheModelException">onnxruntime failed.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        if (Telemetry.IsListening)
        {
            RunMeasured(cancellationToken);
        }
        else
        {
            RunAlone(cancellationToken);
        }
    }

    /// <summary>The shape of an output, which must be the contract's: with another shape its rows could not be separated.</summary>
    /// <param name="place">Its place.</param>
    /// <param name="name">Its name.</param>
    /// <param name="expected">The contract's shape; -1 is any size.</param>
    /// <exception cref="TheModelException">It has another shape.</exception>
    public long[] Shape(int place, string name, params long[] expected)
    {
        long[] shape = _outputs![place].GetTensorTypeAndShape().Shape;
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

    /// <inheritdoc/>
    public string Text(int place, int index)
    {
        return _outputs![place].GetStringElement(index);
    }

    /// <inheritdoc/>
    public Span<byte> Input(int place)
    {
        return _memory[place]!.Bytes;
    }

    /// <inheritdoc/>
    public void SetText(int place, int index, ReadOnlySpan<byte> text)
    {
        _inputs[place].StringTensorSetElementAt(text, index);
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Output(int place)
    {
        return _outputs![place].GetTensorMutableRawData();
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
            for (int i = 0; i < _memory.Count; i++)
            {
                // What has memory of its own disposes its tensor too.
                ((IDisposable?)_memory[i] ?? _inputs[i]).Dispose();
            }

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

    private void RunMeasured(CancellationToken cancellationToken)
    {
        using RunMeasurement measurement = RunMeasurement.Start(_model, _rows);
        try
        {
            RunAlone(cancellationToken);
        }
        catch (Exception error) when (measurement.Failed(error))
        {
            throw;
        }

        measurement.Succeeded();
    }

    private void RunAlone(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        RunStopper stopper = _model.Stoppers.Take();
        CancellationTokenRegistration registration = cancellationToken.CanBeCanceled ? stopper.Watch(cancellationToken) : default;
        try
        {
            _outputs = _model.Session.Run(stopper.Options, _inputNames, _inputs, _outputNames);
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
