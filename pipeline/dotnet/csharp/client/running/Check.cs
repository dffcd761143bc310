#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Globalization;

/// <summary>What the checks of every contract have in common.</summary>
internal static class Check
{
    internal static void NotNull(object? value, string message, string parameter)
    {
        if (value is null)
        {
            throw BadInput.Mark(new ArgumentNullException(parameter, message));
        }
    }

    internal static void Size(int size, string parameter)
    {
        if (size < 1)
        {
            throw new ArgumentOutOfRangeException(parameter, size, "Expected at least 1.");
        }
    }

    /// <summary>Rejects values that are not <paramref name="count"/> rows of <paramref name="length"/> values.</summary>
    internal static void Count(int values, int length, int count, string parameter)
    {
        if (count < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(count), count, "Expected a number of rows, at least 0.");
        }

        if (values != (long)length * count)
        {
            throw Refused(
                string.Format(CultureInfo.InvariantCulture, "{0}: expected {1} rows of {2} values, got {3} values.", parameter, count, length, values), parameter);
        }
    }

    /// <summary>A product that cannot overflow: above the length of any array it stops growing.</summary>
    internal static long Product(long product, int size)
    {
        return product > int.MaxValue ? product : product * size;
    }

    /// <summary>The exception for a row that the contract rules out.</summary>
    internal static ArgumentException Refused(string message, string parameter)
    {
        return BadInput.Mark(new ArgumentException(message, parameter));
    }

    /// <summary>The exception for a value that the contract rules out.</summary>
    /// <param name="expected">Start of the message.</param>
    /// <param name="value">The value.</param>
    /// <param name="parameter">How the caller's argument is called.</param>
    internal static ArgumentException Rejected<T>(string expected, T value, string parameter)
    {
        return Refused(expected + Convert.ToString(value, CultureInfo.InvariantCulture) + ".", parameter);
    }

    /// <summary>As <see cref="Rejected{T}(string, T, string)"/>, of a value in an array.</summary>
    internal static ArgumentException Rejected<T>(string expected, T value, int index, string parameter)
    {
        return Refused(
            expected + Convert.ToString(value, CultureInfo.InvariantCulture) + " at index " + index.ToString(CultureInfo.InvariantCulture) + ".", parameter);
    }
}
