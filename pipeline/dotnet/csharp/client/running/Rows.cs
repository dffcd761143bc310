#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Globalization;

/// <summary>Lists of rows, each checked before any of them runs.</summary>
internal static class Rows
{
    /// <summary>All rows, checked; messages call a row by its place, such as <c>rows[3]</c>.</summary>
    /// <exception cref="ArgumentException">The list is null, or a row is rejected.</exception>
    internal static TRow[] CheckAll<TGiven, TRow>(IReadOnlyList<TGiven> rows, Func<TGiven, string, TRow> check, string parameter)
    {
        if (rows is null)
        {
            // Not by Check.NotNull: its sentence would be written for every list.
            throw BadInput.Mark(new ArgumentNullException(parameter, "Expected a list of " + parameter + ", got null."));
        }

        // What most callers have: to read it through the interface would cost more than the check.
        var array = rows as TGiven[];
        var result = new TRow[rows.Count];
        int i = 0;
        try
        {
            for (; i < result.Length; i++)
            {
                result[i] = check(array is null ? rows[i] : array[i], parameter);
            }
        }
        catch (ArgumentException)
        {
            // Once more, with its name, which costs more than the check and which rows that are right do not need.
            _ = check(rows[i], Name(parameter, i));
            throw;
        }

        return result;
    }

    private static string Name(string parameter, long place)
    {
        return parameter + "[" + place.ToString(CultureInfo.InvariantCulture) + "]";
    }
}
