#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Text.Json;

/// <summary>
/// Reads the values of an input from JSON into its column: a value; or an array of values, flat or nested by the input's shape. Holds
/// nothing of a request.
/// </summary>
internal abstract class ValueReader
{
    private readonly ModelContract _contract;
    private readonly InputSizes _sizes;
    private readonly int _place;

    private protected ValueReader(ModelContract contract, InputSizes sizes, int place)
    {
        _contract = contract;
        _sizes = sizes;
        _place = place;
        Input = contract.Inputs[place];
    }

    private protected TensorDescription Input { get; }

    internal static ValueReader Create(ModelContract contract, InputSizes sizes, int place)
    {
        return contract.Inputs[place].Type switch
        {
            ElementType.Float32 => new NumberReader<float>(contract, sizes, place),
            ElementType.Float64 => new NumberReader<double>(contract, sizes, place),
            ElementType.Float16 => new NumberReader<Half>(contract, sizes, place),
            ElementType.Int8 => new NumberReader<sbyte>(contract, sizes, place),
            ElementType.Int16 => new NumberReader<short>(contract, sizes, place),
            ElementType.Int32 => new NumberReader<int>(contract, sizes, place),
            ElementType.Int64 => new NumberReader<long>(contract, sizes, place),
            ElementType.UInt8 => new NumberReader<byte>(contract, sizes, place),
            ElementType.UInt16 => new NumberReader<ushort>(contract, sizes, place),
            ElementType.UInt32 => new NumberReader<uint>(contract, sizes, place),
            ElementType.UInt64 => new NumberReader<ulong>(contract, sizes, place),
            ElementType.Bool => new BoolReader(contract, sizes, place),
            _ => new TextReader(contract, sizes, place),
        };
    }

    /// <summary>Reads the values of a row, whose first token has been read.</summary>
    /// <param name="body">Stands at the last token of the values afterwards.</param>
    /// <param name="rows">Takes the values, and the sizes that nested arrays show.</param>
    /// <param name="row">The row in the request's list; -1 where there is no list.</param>
    /// <exception cref="ArgumentException">They are not what the contract says.</exception>
    internal void Read(ref BodyReader body, RequestRows rows, int row)
    {
        Column column = rows.Columns[_place];
        int start = column.Count;
        if (Input.IsScalar)
        {
            ReadValue(ref body, column, start, row);
        }
        else if (body.Token == JsonTokenType.StartArray)
        {
            ReadArray(ref body, rows, 0, start, row);
        }
        else if (!TryReadWhole(ref body, column))
        {
            throw Refusal.Of(_contract.ExpectedLength(Input) + ", got " + body.Describe() + ".", row, Input.Name);
        }
    }

    /// <summary>Reads a value whose token has been read.</summary>
    private protected abstract void ReadValue(ref BodyReader body, Column column, int start, int row);

    /// <summary>Reads the values of an array to its end.</summary>
    private protected virtual void ReadValues(ref BodyReader body, Column column, int start, int row)
    {
        while (body.Read() != JsonTokenType.EndArray)
        {
            ReadValue(ref body, column, start, row);
        }
    }

    /// <summary>Reads all values from something else than an array.</summary>
    /// <returns>Whether they can be written so.</returns>
    private protected virtual bool TryReadWhole(ref BodyReader body, Column column)
    {
        return false;
    }

    private protected ArgumentException Refused(in BodyReader body, Column column, int start, int row)
    {
        return Refusal.OfValue(ValueCheck.Expected(Input), body.Describe(), row, Input, column.Count - start);
    }

    private void ReadArray(ref BodyReader body, RequestRows rows, int depth, int start, int row)
    {
        Column column = rows.Columns[_place];
        int first = column.Count;
        int rank = Input.Shape.Length;
        int count = 0;
        if (depth + 1 < rank && body.Next == '[')
        {
            while (body.Read() == JsonTokenType.StartArray)
            {
                ReadArray(ref body, rows, depth + 1, start, row);
                count++;
            }

            if (body.Token != JsonTokenType.EndArray)
            {
                throw Refusal.OfValue(Input.Name + ": expected arrays nested by shape " + _contract.Shape(Input) + ", got ", body.Describe(), row, Input, column.Count - start);
            }
        }
        else
        {
            ReadValues(ref body, column, start, row);
            if (depth == 0)
            {
                // Their number tells the sizes, or nothing does.
                return;
            }

            count = column.Count - first;
            if (depth + 1 < rank)
            {
                throw Refusal.OfValue(Input.Name + ": expected arrays nested by shape " + _contract.Shape(Input) + ", got ", "values", row, Input, first - start);
            }
        }

        TakeLength(rows, depth, count, first - start, row);
    }

    /// <summary>Checks the length of one of nested arrays, or learns a size from it.</summary>
    private void TakeLength(RequestRows rows, int depth, int count, int index, int row)
    {
        int size = Input.Shape[depth];
        if (size < 0 && count > 0)
        {
            _sizes.Set(Input, ~size, count, rows.OpenSizes, row);
        }
        else if (size != count)
        {
            string expected = size < 0 ? "at least 1" : Number.Text(size);
            throw Refusal.OfValue(
                Input.Name + ": expected " + expected + " in each array along axis " + Number.Text(depth) + " of shape " + _contract.Shape(Input) + ", got ",
                Number.Text(count),
                row,
                Input,
                index);
        }
    }
}
