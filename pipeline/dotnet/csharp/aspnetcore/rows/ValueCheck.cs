#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Globalization;
using System.Numerics;
using System.Text.Unicode;

/// <summary>Refuses values that the contract rules out: outside the bounds, or NaN where it stands for nothing. The same as the client's own check.</summary>
internal abstract class ValueCheck
{
    /// <summary>The check of an input.</summary>
    internal static ValueCheck Create(TensorDescription input)
    {
        return input.Type switch
        {
            ElementType.Float32 => new ValueCheck<float>(input),
            ElementType.Float64 => new ValueCheck<double>(input),
            ElementType.Float16 => new ValueCheck<Half>(input),
            ElementType.Int8 => new ValueCheck<sbyte>(input),
            ElementType.Int16 => new ValueCheck<short>(input),
            ElementType.Int32 => new ValueCheck<int>(input),
            ElementType.Int64 => new ValueCheck<long>(input),
            ElementType.UInt8 => new ValueCheck<byte>(input),
            ElementType.UInt16 => new ValueCheck<ushort>(input),
            ElementType.UInt32 => new ValueCheck<uint>(input),
            ElementType.UInt64 => new ValueCheck<ulong>(input),
            ElementType.Text => new TextCheck(input),
            _ => new NoCheck(),
        };
    }

    /// <summary>Start of the sentence about a value that the contract rules out.</summary>
    internal static string Expected(TensorDescription input)
    {
        string kind = input.Type switch
        {
            ElementType.Bool => "true or false",
            ElementType.Text => "text",
            _ => input.IsInteger ? "integers" : "numbers",
        };
        string low = input.Minimum is double minimum ? " from " + Number.Text(minimum) : string.Empty;
        string high = input.Maximum is double maximum ? " to " + Number.Text(maximum) : string.Empty;
        return input.Name + ": expected " + kind + low + high + ", got ";
    }

    /// <summary>Checks the values of a column from one on.</summary>
    /// <param name="column">Of the input.</param>
    /// <param name="start">Index of the first value to check, which sentences call 0.</param>
    /// <param name="row">The row in the request's list; -1 where there is no list.</param>
    /// <exception cref="ArgumentException">A value is ruled out.</exception>
    internal abstract void Check(Column column, int start, int row);

    private sealed class TextCheck(TensorDescription input) : ValueCheck
    {
        internal override void Check(Column column, int start, int row)
        {
            for (int i = start; i < column.Count; i++)
            {
                if (!Utf8.IsValid(((TextColumn)column).Utf8(i)))
                {
                    throw Refusal.OfValue(Expected(input), "bytes that are not UTF-8", row, input, i - start);
                }
            }
        }
    }

    private sealed class NoCheck : ValueCheck
    {
        internal override void Check(Column column, int start, int row)
        {
        }
    }
}

/// <inheritdoc/>
/// <typeparam name="T">Type of the values.</typeparam>
internal sealed class ValueCheck<T> : ValueCheck
    where T : unmanaged, INumber<T>, IMinMaxValue<T>
{
    private readonly TensorDescription _input;
    private readonly T _low;
    private readonly T _high;
    private readonly bool _isNeeded;

    internal ValueCheck(TensorDescription input)
    {
        _input = input;
        (T low, T high) = input.IsInteger ? (T.MinValue, T.MaxValue) : (Infinity(-1), Infinity(1));
        _low = input.Minimum is double minimum && IsBound(minimum) ? Round(minimum, Math.Ceiling(minimum)) : low;
        _high = input.Maximum is double maximum && IsBound(maximum) ? Round(maximum, Math.Floor(maximum)) : high;
        _isNeeded = _low != low || _high != high || !(input.IsInteger || input.AllowsMissing);
    }

    /// <inheritdoc/>
    internal override void Check(Column column, int start, int row)
    {
        if (!_isNeeded)
        {
            return;
        }

        ReadOnlySpan<T> values = ((Column<T>)column).Values[start..];
        for (int i = 0; i < values.Length; i++)
        {
            T value = values[i];

            // NaN is not inside.
            if (!(value >= _low && value <= _high) && !(_input.AllowsMissing && T.IsNaN(value)))
            {
                throw Refusal.OfValue(Expected(_input), value.ToString(null, CultureInfo.InvariantCulture), row, _input, i);
            }
        }
    }

    private static T Infinity(int sign)
    {
        return T.CreateSaturating(sign * double.PositiveInfinity);
    }

    /// <summary>Whether a bound is less than the type's own.</summary>
    private bool IsBound(double bound)
    {
        return _input.IsInteger || Math.Abs(bound) <= double.CreateSaturating(T.MaxValue);
    }

    /// <summary>A bound as the client's literals have it.</summary>
    private T Round(double bound, double whole)
    {
        return _input.IsInteger ? T.CreateSaturating(whole) : typeof(T) == typeof(Half) ? T.CreateSaturating((float)bound) : T.CreateSaturating(bound);
    }
}
