#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers;
using System.Runtime.InteropServices;
using System.Threading;
using Microsoft.ML.OnnxRuntime;

/// <summary>Memory that onnxruntime reads or writes in place.</summary>
internal abstract class TensorMemory : IDisposable
{
    /// <summary>The values, as bytes.</summary>
    internal abstract Span<byte> Bytes { get; }

    public abstract void Dispose();
}

/// <summary>An array that onnxruntime reads or writes in place.</summary>
/// <typeparam name="T">Type of the values, as onnxruntime sees them.</typeparam>
internal sealed class TensorMemory<T> : TensorMemory
    where T : unmanaged
{
    private readonly bool _pooled;
    private int _disposed;

    /// <param name="length">Number of values.</param>
    /// <param name="shape">Sizes of all axes, the batch first.</param>
    /// <param name="pooled">Whether the array is rented from the shared pool, and returned to it.</param>
    internal TensorMemory(int length, long[] shape, bool pooled)
    {
        _pooled = pooled;
        Length = length;
        Array = pooled ? ArrayPool<T>.Shared.Rent(length) : new T[length];
        OrtValue? value = null;
        try
        {
            value = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, new Memory<T>(Array, 0, length), shape);
        }
        finally
        {
            if (value == null && pooled)
            {
                ArrayPool<T>.Shared.Return(Array);
            }
        }

        Value = value;
    }

    /// <summary>The array, which may be longer than <see cref="Length"/>.</summary>
    internal T[] Array { get; }

    internal int Length { get; }

    internal Span<T> Span => new(Array, 0, Length);

    internal OrtValue Value { get; }

    internal override Span<byte> Bytes => MemoryMarshal.AsBytes(Span);

    public override void Dispose()
    {
        // An array that is returned twice would be rented to two callers.
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        Value.Dispose();
        if (_pooled)
        {
            ArrayPool<T>.Shared.Return(Array);
        }
    }
}
