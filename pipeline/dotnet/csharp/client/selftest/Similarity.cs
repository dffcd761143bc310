#nullable enable

namespace TheNamespace.TheModelEngine;

using System;

/// <summary>How alike two arrays are as vectors, as choices, and as bits; as pipeline/compare/similarity.py computes it.</summary>
internal static class Similarity
{
    /// <summary>2 to the power of a number from -1074 to 1023, exactly.</summary>
    internal static double PowerOfTwo(int exponent)
    {
        return BitConverter.Int64BitsToDouble(exponent >= -1022 ? (long)(exponent + 1023) << 52 : 1L << (exponent + 1074));
    }

    /// <summary>Of two vectors; null where there is none: fewer than two values, or a vector that is zero or not finite.</summary>
    internal static double? Cosine(ReadOnlySpan<double> expected, ReadOnlySpan<double> got)
    {
        if (expected.Length < 2)
        {
            return null;
        }

        double product = 0;
        double expectedSquares = 0;
        double gotSquares = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            product += expected[i] * got[i];
            expectedSquares += expected[i] * expected[i];
            gotSquares += got[i] * got[i];
        }

        double lengths = Math.Sqrt(expectedSquares) * Math.Sqrt(gotSquares);
        return lengths > 0 && !double.IsInfinity(lengths) ? product / lengths : null;
    }

    /// <summary>The smallest of all rows (the first axis; an array of one axis is one vector); null where no row has one.</summary>
    internal static double? LeastCosine(double[] expected, double[] got, long[] shape)
    {
        int rows = shape.Length > 1 ? checked((int)shape[0]) : 1;
        int count = expected.Length / rows;
        double? least = null;
        for (int row = 0; row < rows; row++)
        {
            double? cosine = Cosine(expected.AsSpan(row * count, count), got.AsSpan(row * count, count));
            if (cosine is { } value && !(value >= least))
            {
                least = value;
            }
        }

        return least;
    }

    /// <summary>Share of the places along all axes but the last whose largest value stands at the same index of it.</summary>
    internal static double Top1Agreement(double[] expected, double[] got, long[] shape)
    {
        int count = checked((int)shape[shape.Length - 1]);
        int places = expected.Length / count;
        int equal = 0;
        for (int place = 0; place < places; place++)
        {
            if (Largest(expected.AsSpan(place * count, count)) == Largest(got.AsSpan(place * count, count)))
            {
                equal++;
            }
        }

        return (double)equal / places;
    }

    /// <summary>The largest distance, in units in the last place of the larger value; NaN and infinity aside.</summary>
    internal static double LargestUlp(double[] expected, double[] got, string dtype)
    {
        double largest = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            if (!IsFinite(expected[i]) || !IsFinite(got[i]))
            {
                continue;
            }

            double distance = Math.Abs(expected[i] - got[i]) / Spacing(Math.Max(Math.Abs(expected[i]), Math.Abs(got[i])), dtype);
            largest = double.IsNaN(largest) || largest > distance ? largest : distance;
        }

        return largest;
    }

    internal static bool IsFinite(double value)
    {
        return !double.IsNaN(value) && !double.IsInfinity(value);
    }

    /// <summary>The distance from a magnitude to the next larger one of its type, as numpy.spacing has it: infinite for the largest.</summary>
    private static double Spacing(double magnitude, string dtype)
    {
        (int fraction, int smallest, double largest) = dtype switch
        {
            "float16" => (10, -14, 65504.0),
            "float32" => (23, -126, float.MaxValue),
            _ => (52, -1022, double.MaxValue),
        };
        if (magnitude >= largest)
        {
            return double.PositiveInfinity;
        }

        int exponent = (int)((BitConverter.DoubleToInt64Bits(magnitude) >> 52) & 2047) - 1023;
        return PowerOfTwo(Math.Max(exponent, smallest) - fraction);
    }

    /// <summary>Index of the first largest value; of the first NaN where there is one, as in numpy.</summary>
    private static int Largest(ReadOnlySpan<double> values)
    {
        int largest = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (!double.IsNaN(values[largest]) && (values[i] > values[largest] || double.IsNaN(values[i])))
            {
                largest = i;
            }
        }

        return largest;
    }
}
