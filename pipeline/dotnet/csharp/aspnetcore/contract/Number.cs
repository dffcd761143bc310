#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Globalization;

/// <summary>Numbers in sentences.</summary>
internal static class Number
{
    internal static string Text(long value)
    {
        return value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>As a person writes it, and as the client's own sentences do: 16, 0.5, 1e+39.</summary>
    internal static string Text(double value)
    {
        return value == Math.Floor(value) && Math.Abs(value) < 1e15
            ? Text((long)value)
            : value.ToString(CultureInfo.InvariantCulture).Replace('E', 'e');
    }
}
