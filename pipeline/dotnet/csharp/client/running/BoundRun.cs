#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Threading;
using Microsoft.ML.OnnxRuntime;

/// <summary>Inputs and outputs that are bound to the model once (IO binding) and run any number of times, by one caller at a time.</summary>
internal sealed class BoundRun : IDisposable
{
    private const int Idle = 0;
    private const int Running = 1;
    private const int Ended = 2;

    private readonly LoadedModel _model;
    private readonly bool _pooled;
#pragma warning disable CA2213 // It goes back to the model, which disposes it.
    private readonly RunStopper _stopper;
#pragma warning restore CA2213
    private readonly OrtIoBinding _binding;
    private readonly WeakReference<BoundRun>? _entry;
    private readonly List<TensorMemory> _tensors = [];
    private int _rows;
    private int _state;

    /// <param name="model">The model.</param>
    /// <param name="pooled">
    /// Whether the client itself keeps these buffers, in rented memory; else a caller has created them, and they keep the model alive.
    /// </param>
    /// <param name="rows">How many rows a run has, for telemetry; 0 for the size of the first input's first axis.</param>
    internal BoundRun(LoadedModel model, bool pooled, int rows = 0)
    {
        _model = model;
        _pooled = pooled;
        _rows = rows;
        if (!pooled)
        {
            model.Lifetime.Hold();
        }

        RunStopper? stopper = null;
        OrtIoBinding? binding = null;
        try
        {
            stopper = model.Stoppers.Take();
            binding = model.Session.CreateIoBinding();
        }
        finally
        {
            if (binding == null)
            {
                if (stopper != null)
                {
                    model.Stoppers.Return(stopper);
                }

                if (!pooled)
                {
                    model.Lifetime.LetGo();
                }
            }
        }

        _stopper = stopper;
        _binding = binding;
        _entry = pooled ? null : model.Buffers.Add(this);
    }

    internal bool IsRunning => Volatile.Read(ref _state) == Running;

    /// <summary>Memory for an input. Where it fails, all that this run has taken is freed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is longer than an array can be.</exception>
    internal TensorMemory<T> BindInput<T>(string name, long length, long[] shape)
        where T : unmanaged
    {
        if (_rows == 0)
        {
            _rows = shape.Length == 0 ? 1 : (int)Math.Min(shape[0], int.MaxValue);
        }

        return Bind<T>(name, length, shape, isInput: true);
    }

    /// <summary>Memory for an output. Where it fails, all that this run has taken is freed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is longer than an array can be.</exception>
    internal TensorMemory<T> BindOutput<T>(string name, long length, long[] shape)
        where T : unmanaged
    {
        return Bind<T>(name, length, shape, isInput: false);
    }

    /// <summary>The memory that was bound at this place, inputs and outputs counted together.</summary>
    internal Span<byte> Bytes(int place)
    {
        return _tensors[place].Bytes;
    }

    /// <summary>Runs the model on the values of the inputs, and writes the outputs.</summary>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="InvalidOperationException">Another caller is running these buffers.</exception>
    /// <exception cref="ObjectDisposedException">These buffers, or the model, have been disposed.</exception>
    /// <exception cref="OperationCanceledException">The token has ended the run.</exception>
    /// <exception cref="TheModelException">onnxruntime failed.</exception>
    internal void Run(CancellationToken cancellationToken = default)
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

    /// <summary>Frees the memory, after the run in progress if there is one.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _state, Ended) == Idle)
        {
            Release();
        }
    }

    private TensorMemory<T> Bind<T>(string name, long length, long[] shape, bool isInput)
        where T : unmanaged
    {
        bool isBound = false;
        try
        {
            if (length < 0 || length > int.MaxValue)
            {
                throw new ArgumentOutOfRangeException(nameof(length), length, name + ": expected at most " + int.MaxValue + " values in a run, got more: run fewer rows together.");
            }

            var memory = new TensorMemory<T>((int)length, shape, _pooled);
            _tensors.Add(memory);
            if (isInput)
            {
                _binding.BindInput(name, memory.Value);
            }
            else
            {
                _binding.BindOutput(name, memory.Value);
            }

            isBound = true;
            return memory;
        }
        finally
        {
            if (!isBound)
            {
                Dispose();
            }
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
        int state = Interlocked.CompareExchange(ref _state, Running, Idle);
        if (state != Idle)
        {
            throw state == Running
                ? new InvalidOperationException("Expected one caller at a time, got a second one: create buffers for each caller with TheModel.CreateBuffers.")
                : new ObjectDisposedException("TheModelBuffers", "These buffers have been disposed: create new ones with TheModel.CreateBuffers.");
        }

        try
        {
            if (!_pooled)
            {
                // Not before the state says that these buffers run: whoever ends the process first refuses, and then looks who runs.
                _model.Lifetime.ThrowIfEnded();
            }

            if (cancellationToken.CanBeCanceled)
            {
                RunUntil(cancellationToken);
            }
            else
            {
                _model.Session.RunWithBinding(_stopper.Options, _binding);
            }
        }
        catch (OnnxRuntimeException error)
        {
            throw LoadedModel.Failure(error, cancellationToken);
        }
        finally
        {
            if (Interlocked.CompareExchange(ref _state, Idle, Running) == Ended)
            {
                Release();
            }
        }
    }

    private void RunUntil(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        CancellationTokenRegistration registration = _stopper.Watch(cancellationToken);
        try
        {
            _model.Session.RunWithBinding(_stopper.Options, _binding);
        }
        finally
        {
            _stopper.Unwatch(registration);
        }
    }

    private void Release()
    {
        _binding.Dispose();
        _tensors.ForEach(tensor => tensor.Dispose());
        _model.Stoppers.Return(_stopper);
        if (_entry != null)
        {
            _model.Buffers.Remove(_entry);
            _model.Lifetime.LetGo();
        }
    }
}
