#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;

/// <summary>An array of a golden call, or an answer to it: values of any type as the package writes them, row-major and little-endian.</summary>
internal sealed class GoldenTensor
{
    internal const string Text = "string";

    /// <param name="name">Of the input or output.</param>
    /// <param name="dtype">numpy's name of the type of the values.</param>
    /// <param name="shape">Sizes of all axes.</param>
    /// <param name="content">The values; a boolean is a byte.</param>
    internal GoldenTensor(string name, string dtype, long[] shape, byte[] content)
    {
        Name = name;
        Dtype = dtype;
        Shape = shape;
        Content = content;
        Texts = [];
    }

    /// <param name="name">Of the input or output.</param>
    /// <param name="shape">Sizes of all axes.</param>
    /// <param name="texts">The values.</param>
    internal GoldenTensor(string name, long[] shape, string[] texts)
    {
        Name = name;
        Dtype = Text;
        Shape = shape;
        Content = [];
        Texts = texts;
    }

    /// <summary>The values of one row of an output, flat: an array of one axis that is not the rows'.</summary>
    internal static GoldenTensor OfRow(string name, string dtype, byte[] content)
    {
        return new GoldenTensor(name, dtype, [content.Length / Size(dtype)], content) { IsRow = true };
    }

    internal string Name { get; }

    internal string Dtype { get; }

    internal long[] Shape { get; }

    internal byte[] Content { get; }

    internal string[] Texts { get; }

    internal bool IsRow { get; private set; }

    internal bool IsText => string.Equals(Dtype, Text, StringComparison.Ordinal);

    internal bool IsFloating => Dtype is "float16" or "float32" or "float64";

    /// <summary>Number of values that the shape has room for.</summary>
    internal int Count => checked((int)Shape.Aggregate(1L, (count, size) => checked(count * size)));

    /// <summary>Bytes of one value of a type.</summary>
    internal static int Size(string dtype)
    {
        return dtype switch
        {
            "bool" or "int8" or "uint8" => 1,
            "int16" or "uint16" or "float16" => 2,
            "int32" or "uint32" or "float32" => 4,
            "int64" or "uint64" or "float64" => 8,
            _ => throw new TheModelException("Expected numpy's name of a type of numbers in the golden calls of the package, got " + dtype + ": package the model again."),
        };
    }

    /// <summary>The values of a floating type, widened.</summary>
    internal double[] Numbers()
    {
        switch (Dtype)
        {
            case "float16":
                return Array.ConvertAll(MemoryMarshal.Cast<byte, ushort>(Content).ToArray(), FromHalf);
            case "float32":
                return Array.ConvertAll(MemoryMarshal.Cast<byte, float>(Content).ToArray(), value => (double)value);
            default:
                return MemoryMarshal.Cast<byte, double>(Content).ToArray();
        }
    }

    /// <summary>A value of a whole type, exactly; a boolean is 0 or 1.</summary>
    internal decimal Whole(int index)
    {
        return Dtype switch
        {
            "bool" => Content[index] == 0 ? 0 : 1,
            "int8" => unchecked((sbyte)Content[index]),
            "uint8" => Content[index],
            "int16" => Value<short>(index),
            "uint16" => Value<ushort>(index),
            "int32" => Value<int>(index),
            "uint32" => Value<uint>(index),
            "int64" => Value<long>(index),
            _ => Value<ulong>(index),
        };
    }

    /// <summary>One row (an index of the first axis) as an array of one axis.</summary>
    internal GoldenTensor Row(int row)
    {
        int rows = checked((int)Shape[0]);
        int count = Count / rows;
        if (IsText)
        {
            return new GoldenTensor(Name, [count], Texts.Skip(row * count).Take(count).ToArray());
        }

        int bytes = count * Size(Dtype);
        return OfRow(Name, Dtype, Content.AsSpan(row * bytes, bytes).ToArray());
    }

    /// <summary>A value in words, the same in every culture.</summary>
    internal string Describe(int index)
    {
        return Dtype switch
        {
            Text => "\"" + Texts[index] + "\"",
            "bool" => Content[index] == 0 ? "false" : "true",
            "float16" => FromHalf(Value<ushort>(index)).ToString("G5", CultureInfo.InvariantCulture),
            "float32" => Value<float>(index).ToString("R", CultureInfo.InvariantCulture),
            "float64" => Value<double>(index).ToString("R", CultureInfo.InvariantCulture),
            _ => Whole(index).ToString(CultureInfo.InvariantCulture),
        };
    }

    /// <summary>Where a value stands: ", row 2, index [3, 0]".</summary>
    internal string Place(int index)
    {
        if (Shape.Length == 0)
        {
            return string.Empty;
        }

        if (IsRow)
        {
            return ", index [" + Join([index]) + "]";
        }

        var place = new long[Shape.Length];
        long rest = index;
        for (int axis = Shape.Length - 1; axis >= 0; axis--)
        {
            place[axis] = rest % Shape[axis];
            rest /= Shape[axis];
        }

        return ", row " + Join([place[0]]) + (place.Length > 1 ? ", index [" + Join(place.Skip(1).ToArray()) + "]" : string.Empty);
    }

    /// <summary>The shape in words: "[2, 3]".</summary>
    internal string DescribeShape()
    {
        return "[" + Join(Shape) + "]";
    }

    private static string Join(long[] numbers)
    {
        return string.Join(", ", numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)));
    }

    private static double FromHalf(ushort bits)
    {
        int exponent = (bits >> 10) & 31;
        int fraction = bits & 1023;
        double magnitude = exponent switch
        {
            0 => fraction * Similarity.PowerOfTwo(-24),
            31 => fraction == 0 ? double.PositiveInfinity : double.NaN,
            _ => (1024 + fraction) * Similarity.PowerOfTwo(exponent - 25),
        };
        return (bits & 0x8000) == 0 ? magnitude : -magnitude;
    }

    private T Value<T>(int index)
        where T : unmanaged
    {
        return MemoryMarshal.Cast<byte, T>(Content)[index];
    }
}
