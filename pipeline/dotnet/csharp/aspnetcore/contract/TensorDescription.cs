#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Linq;

/// <summary>An input or output of the contract, whose shape is that of a row: without the batch axis.</summary>
internal sealed class TensorDescription
{
    private readonly int[] _shape = [];

    internal required string Name { get; init; }

    internal required ElementType Type { get; init; }

    /// <summary>A size, or the complement of an axis' place in <c>WebContract.Axes</c>.</summary>
    internal required int[] Shape
    {
        get => _shape;
        init
        {
            _shape = value;
            FixedLength = value.Where(size => size >= 0).Aggregate(1, (product, size) => product * size);
            Axes = value.Where(size => size < 0).Select(size => ~size).Distinct().ToArray();
        }
    }

    internal required double? Minimum { get; init; }

    internal required double? Maximum { get; init; }

    /// <summary>Whether NaN stands for a value that is not known.</summary>
    internal required bool AllowsMissing { get; init; }

    /// <summary>Names of the classes, by number; empty where there are none.</summary>
    internal required string[] Labels { get; init; }

    internal required string Unit { get; init; }

    internal required string Description { get; init; }

    /// <summary>Values in a row whose axes of any size all have size 1.</summary>
    internal int FixedLength { get; private init; }

    /// <summary>The axes of any size, each once.</summary>
    internal int[] Axes { get; private init; } = [];

    /// <summary>The enumeration of the labels, where the value of a row is a class.</summary>
    internal LabelType? LabelType { get; init; }

    internal bool IsScalar => _shape.Length == 0;

    internal bool IsText => Type == ElementType.Text;

    /// <summary>Whether a row is an array of bytes, which is base64 in JSON.</summary>
    internal bool IsBytes => Type == ElementType.UInt8 && !IsScalar;

    internal bool IsInteger => Type is >= ElementType.Int8 and <= ElementType.UInt64;

    /// <summary>Whether the value of a row is the number of a class that has a label.</summary>
    internal bool IsClass => IsScalar && IsInteger && Labels.Length > 0;

    /// <summary>Bytes of a value; 0 for texts.</summary>
    internal int ElementSize => Type switch
    {
        ElementType.Float64 or ElementType.Int64 or ElementType.UInt64 => 8,
        ElementType.Float32 or ElementType.Int32 or ElementType.UInt32 => 4,
        ElementType.Float16 or ElementType.Int16 or ElementType.UInt16 => 2,
        ElementType.Text => 0,
        _ => 1,
    };

    /// <summary>Values in a row of these sizes of <c>WebContract.Axes</c>.</summary>
    /// <exception cref="OverflowException">They are more than an array can have.</exception>
    internal int Length(ReadOnlySpan<int> sizes)
    {
        if (Axes.Length == 0)
        {
            return FixedLength;
        }

        int length = 1;
        foreach (int size in _shape)
        {
            length = checked(length * (size < 0 ? sizes[~size] : size));
        }

        return length;
    }
}
