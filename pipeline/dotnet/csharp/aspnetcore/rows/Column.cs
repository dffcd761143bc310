#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

/// <summary>Values of an input or output, of all rows one behind the other. Its memory is kept from call to call.</summary>
internal abstract class Column
{
    /// <summary>Number of values.</summary>
    internal abstract int Count { get; }

    internal static Column Create(ElementType type)
    {
        return type switch
        {
            ElementType.Float32 => new Column<float>(),
            ElementType.Float64 => new Column<double>(),
            ElementType.Float16 => new Column<Half>(),
            ElementType.Int8 => new Column<sbyte>(),
            ElementType.Int16 => new Column<short>(),
            ElementType.Int32 => new Column<int>(),
            ElementType.Int64 => new Column<long>(),
            ElementType.UInt8 => new Column<byte>(),
            ElementType.UInt16 => new Column<ushort>(),
            ElementType.UInt32 => new Column<uint>(),
            ElementType.UInt64 => new Column<ulong>(),
            ElementType.Bool => new Column<bool>(),
            _ => new TextColumn(),
        };
    }

    internal abstract void Clear();

    /// <summary>Removes what stands behind the first values.</summary>
    internal abstract void Truncate(int count);

    /// <summary>The values as bytes; none for texts.</summary>
    internal abstract ReadOnlySpan<byte> Bytes(int start, int count);

    /// <summary>Appends values that are given as bytes.</summary>
    internal abstract void AddBytes(ReadOnlySpan<byte> bytes);
}

/// <summary>Numbers or truth values.</summary>
/// <typeparam name="T">Their type.</typeparam>
internal sealed class Column<T> : Column
    where T : unmanaged
{
    // What a call left that had more is not kept.
    private const int MaxKept = 1 << 18;

    private T[] _values = new T[16];
    private int _count;

    internal override int Count => _count;

    internal ReadOnlySpan<T> Values => _values.AsSpan(0, _count);

    internal void Add(T value)
    {
        if (_count == _values.Length)
        {
            Array.Resize(ref _values, checked(_count * 2));
        }

        _values[_count++] = value;
    }

    internal void Add(ReadOnlySpan<T> values)
    {
        values.CopyTo(Reserve(values.Length));
    }

    /// <summary>Room for further values, to be filled.</summary>
    internal Span<T> Reserve(int count)
    {
        int needed = checked(_count + count);
        if (needed > _values.Length)
        {
            Array.Resize(ref _values, (int)Math.Max(needed, Math.Min((long)_values.Length * 2, Array.MaxLength)));
        }

        Span<T> room = _values.AsSpan(_count, count);
        _count = needed;
        return room;
    }

    internal override void Clear()
    {
        _count = 0;
        if (_values.Length > MaxKept)
        {
            _values = new T[16];
        }
    }

    internal override void Truncate(int count)
    {
        _count = count;
    }

    internal override ReadOnlySpan<byte> Bytes(int start, int count)
    {
        return MemoryMarshal.AsBytes(Values.Slice(start, count));
    }

    internal override void AddBytes(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(MemoryMarshal.AsBytes(Reserve(bytes.Length / Unsafe.SizeOf<T>())));
    }
}
