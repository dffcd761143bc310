#nullable enable

namespace TheNamespace.TheModelEngine;

using System;

/// <summary>A number of JSON as it is written: ±digits · 10^exponent.</summary>
internal readonly struct DecimalNumber
{
    // Another digit would not fit any more.
    private const ulong MaxDigits = 999_999_999_999_999_999;

    // Whole numbers to 2^53, and powers of ten to 10^22, are doubles, so that their product or quotient is rounded once: the nearest double.
    private const ulong MaxExact = 1UL << 53;
    private const int MaxPower = 22;
    private static readonly double[] Powers =
    [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];

    private readonly ulong _digits;
    private readonly int _exponent;
    private readonly bool _isNegative;

    private DecimalNumber(ulong digits, int exponent, bool isNegative, bool isWhole, bool isComplete)
    {
        _digits = digits;
        _exponent = exponent;
        _isNegative = isNegative;
        IsWhole = isWhole;
        IsComplete = isComplete;
    }

    /// <summary>Whether it has neither a fraction nor an exponent.</summary>
    internal bool IsWhole { get; }

    /// <summary>Whether the digits are few enough to be held.</summary>
    internal bool IsComplete { get; }

    /// <summary>The value of a whole number that is complete.</summary>
    internal long Whole => _isNegative ? -(long)_digits : (long)_digits;

    /// <summary>Reads a number, by JSON's grammar.</summary>
    /// <param name="text">Text that begins with it.</param>
    /// <param name="length">How long it is; 0 where there is no number.</param>
    internal static DecimalNumber Read(ReadOnlySpan<byte> text, out int length)
    {
        length = 0;
        int i = 0;
        bool isNegative = text.Length > 0 && text[0] == '-';
        i += isNegative ? 1 : 0;
        int start = i;
        ulong digits = 0;
        bool isComplete = true;
        i = ReadDigits(text, i, ref digits, ref isComplete);
        if (i == start || (text[start] == '0' && i > start + 1))
        {
            return default;
        }

        int whole = i;
        int exponent = 0;
        if (i < text.Length && text[i] == '.')
        {
            int first = i + 1;
            i = ReadDigits(text, first, ref digits, ref isComplete);
            exponent = first - i;
            if (exponent == 0)
            {
                return default;
            }
        }

        if (i < text.Length && (text[i] | 0x20) == 'e')
        {
            i++;
            bool isBelow = i < text.Length && text[i] == '-';
            i += i < text.Length && text[i] is (byte)'-' or (byte)'+' ? 1 : 0;
            int first = i;
            ulong power = 0;
            i = ReadDigits(text, i, ref power, ref isComplete);
            if (i == first)
            {
                return default;
            }

            // Beyond these it is not of the exact ones.
            exponent += (int)Math.Min(power, 100_000) * (isBelow ? -1 : 1);
        }

        length = i;
        return new DecimalNumber(digits, exponent, isNegative, i == whole, isComplete);
    }

    /// <summary>The nearest double, where it can be told at little cost.</summary>
    internal bool TryGetDouble(out double value)
    {
        value = 0;
        if (!IsComplete || _digits > MaxExact || _exponent is < -MaxPower or > MaxPower)
        {
            return false;
        }

        value = _exponent < 0 ? _digits / Powers[-_exponent] : _digits * Powers[_exponent];
        value = _isNegative ? -value : value;
        return true;
    }

    /// <summary>As <see cref="TryGetDouble"/>, the nearest float.</summary>
    internal bool TryGetSingle(out float value)
    {
        bool isTold = TryGetDouble(out double number);
        value = (float)number;

        // A double that lies between two floats may have been rounded to there: only the digits tell to which of them it belongs.
        return isTold && (BitConverter.DoubleToUInt64Bits(number) & 0x1FFF_FFFF) != 0x1000_0000;
    }

    private static int ReadDigits(ReadOnlySpan<byte> text, int start, ref ulong digits, ref bool isComplete)
    {
        ulong value = digits;
        int i = start;
        for (; i < text.Length; i++)
        {
            uint digit = (uint)text[i] - '0';
            if (digit > 9)
            {
                break;
            }

            if (value > MaxDigits)
            {
                isComplete = false;
                continue;
            }

            value = (value * 10) + digit;
        }

        digits = value;
        return i;
    }
}
