#nullable enable

namespace TheNamespace.TheModelEngine;

using System;

/// <summary>Rows whose values stand in columns, and where each row's begin. Its memory is kept from call to call.</summary>
internal abstract class RowColumns
{
    private readonly Column<int> _starts = new();
    private readonly Column<int> _sizes = new();
    private readonly int _axes;

    /// <param name="tensors">A column for each.</param>
    /// <param name="axes">Sizes of a row: those of the contract's axes.</param>
    private protected RowColumns(TensorDescription[] tensors, int axes)
    {
        Tensors = tensors;
        _axes = axes;
        Columns = Array.ConvertAll(tensors, tensor => TheModelEngine.Column.Create(tensor.Type));
    }

    internal TensorDescription[] Tensors { get; }

    internal Column[] Columns { get; }

    /// <summary>Number of rows.</summary>
    internal int Count { get; private set; }

    internal Column<T> Column<T>(int place)
        where T : unmanaged
    {
        return (Column<T>)Columns[place];
    }

    internal TextColumn Texts(int place)
    {
        return (TextColumn)Columns[place];
    }

    internal virtual void Clear()
    {
        Array.ForEach(Columns, column => column.Clear());
        _starts.Clear();
        _sizes.Clear();
        Count = 0;
    }

    /// <summary>Sizes of the contract's axes in a row.</summary>
    internal ReadOnlySpan<int> Sizes(int row)
    {
        return _sizes.Values.Slice(row * _axes, _axes);
    }

    internal int Size(int axis, int row)
    {
        return _sizes.Values[(row * _axes) + axis];
    }

    /// <summary>Index of a row's first value in its column.</summary>
    internal int Start(int place, int row)
    {
        return _starts.Values[(row * Tensors.Length) + place];
    }

    internal int Length(int place, int row)
    {
        return Tensors[place].Length(Sizes(row));
    }

    /// <summary>The values of a row, as bytes.</summary>
    internal ReadOnlySpan<byte> Bytes(int place, int row)
    {
        return Columns[place].Bytes(Start(place, row), Length(place, row));
    }

    internal ReadOnlySpan<T> Values<T>(int place, int row)
        where T : unmanaged
    {
        return Column<T>(place).Values.Slice(Start(place, row), Length(place, row));
    }

    /// <summary>Removes the values behind the last row, of one that could not be read to its end.</summary>
    internal void DropOpen()
    {
        for (int place = 0; place < Tensors.Length; place++)
        {
            Columns[place].Truncate(Count == 0 ? 0 : Start(place, Count - 1) + Length(place, Count - 1));
        }
    }

    /// <summary>Ends a row whose values are in the columns.</summary>
    private protected void Append(ReadOnlySpan<int> sizes)
    {
        for (int place = 0; place < Tensors.Length; place++)
        {
            _starts.Add(Columns[place].Count - Tensors[place].Length(sizes));
        }

        _sizes.Add(sizes);
        Count++;
    }

    /// <summary>Ends rows of equal sizes whose values are in the columns, and which are all that is there.</summary>
    private protected void AppendAll(int count, ReadOnlySpan<int> sizes)
    {
        for (int row = 0; row < count; row++)
        {
            for (int place = 0; place < Tensors.Length; place++)
            {
                _starts.Add(row * Tensors[place].Length(sizes));
            }

            _sizes.Add(sizes);
        }

        Count = count;
    }
}
