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
    private readonly OrtIoBinding _binding;
    private readonly RunOptions _runOptions = new();
    private readonly List<IDisposable> _tensors = [];
    private int _state;

    /// <param name="model">The model.</param>
    /// <param name="pooled">
    /// Whether the client itself keeps these buffers, in rented memory; else a caller has created them, and they keep the model alive.
    /// </param>
    internal BoundRun(LoadedModel model, bool pooled)
    {
        _model = model;
        _pooled = pooled;
        if (!pooled)
        {
            model.Lifetime.Enter();
        }

        _binding = model.Session.CreateIoBinding();
    }

    internal TensorMemory<T> BindInput<T>(string name, int length, long[] shape)
        where T : unmanaged
    {
        var memory = new TensorMemory<T>(length, shape, _pooled);
        _tensors.Add(memory);
        _binding.BindInput(name, memory.Value);
        return memory;
    }

    internal TensorMemory<T> BindOutput<T>(string name, int length, long[] shape)
        where T : unmanaged
    {
        var memory = new TensorMemory<T>(length, shape, _pooled);
        _tensors.Add(memory);
        _binding.BindOutput(name, memory.Value);
        return memory;
    }

    /// <summary>Runs the model on the values of the inputs, and writes the outputs.</summary>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="InvalidOperationException">Another caller is running these buffers.</exception>
    /// <exception cref="ObjectDisposedException">These buffers, or the model, have been disposed.</exception>
    /// <exception cref="TheModelException">onnxruntime failed.</exception>
    internal void Run(CancellationToken cancellationToken = default)
    {
        if (!_pooled)
        {
            _model.Lifetime.ThrowIfEnded();
        }

        _model.FirstUse?.Invoke();
        int state = Interlocked.CompareExchange(ref _state, Running, Idle);
        if (state != Idle)
        {
            throw state == Running
                ? new InvalidOperationException("Expected one caller at a time, got a second one: create buffers for each caller with TheModel.CreateBuffers.")
                : new ObjectDisposedException("TheModelBuffers", "These buffers have been disposed: create new ones with TheModel.CreateBuffers.");
        }

        try
        {
            _model.Session.RunWithBinding(_runOptions, _binding);
        }
        catch (OnnxRuntimeException error)
        {
            throw new TheModelException("onnxruntime could not run the model: " + error.Message, error);
        }
        finally
        {
            if (Interlocked.CompareExchange(ref _state, Idle, Running) == Ended)
            {
                Release();
            }
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

    private void Release()
    {
        _binding.Dispose();
        _tensors.ForEach(tensor => tensor.Dispose());
        _runOptions.Dispose();
        if (!_pooled)
        {
            _model.Lifetime.Leave();
        }
    }
}
