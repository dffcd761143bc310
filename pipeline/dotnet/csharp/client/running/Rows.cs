#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Globalization;

/// <summary>Lists of rows, each checked before any of them runs.</summary>
internal static class Rows
{
    /// <summary>All rows, checked; messages call a row by its place, such as <c>rows[3]</c>.</summary>
    /// <param name="rows">The caller's rows.</param>
    /// <param name="check">A row as the model takes it; where that is what the caller gives, the row itself.</param>
    /// <param name="parameter">How the caller's argument is called.</param>
    /// <returns>A list of its own; the caller's array where its rows are taken as they are, to be read only.</returns>
    /// <exception cref="ArgumentException">The list is null, or a row is rejected.</exception>
    internal static TRow[] CheckAll<TGiven, TRow>(IReadOnlyList<TGiven> rows, Func<TGiven, string, TRow> check, string parameter)
    {
        if (rows is null)
        {
            // Not by Check.NotNull: its sentence would be written for every list.
            throw BadInput.Mark(new ArgumentNullException(parameter, "Expected a list of " + parameter + ", got null."));
        }

        // What most callers have: to read it through the interface, and to copy it, would cost more than the check.
        var array = rows as TGiven[];
        TRow[]? same = typeof(TGiven) == typeof(TRow) ? array as TRow[] : null;
        TRow[] result = same ?? new TRow[rows.Count];
        try
        {
            if (same != null)
            {
                for (int i = 0; i < array!.Length; i++)
                {
                    _ = check(array[i], parameter);
                }
            }
            else
            {
                for (int i = 0; i < result.Length; i++)
                {
                    result[i] = check(array is null ? rows[i] : array[i], parameter);
                }
            }
        }
        catch (ArgumentException)
        {
            // Once more, with names, which cost more than the check and which rows that are right do not need.
            for (int i = 0; i < result.Length; i++)
            {
                _ = check(rows[i], Name(parameter, i));
            }

            throw;
        }

        return result;
    }

    private static string Name(string parameter, long place)
    {
        return parameter + "[" + place.ToString(CultureInfo.InvariantCulture) + "]";
    }
}
