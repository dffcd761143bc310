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
        Check.NotNull(rows, "Expected a list of " + parameter + ", got null.", parameter);
        var result = new TRow[rows.Count];
        for (int i = 0; i < result.Length; i++)
        {
            try
            {
                result[i] = check(rows[i], parameter);
            }
            catch (ArgumentException)
            {
                // Once more, with its name, which costs more than the check and which rows that are right do not need.
                result[i] = check(rows[i], Name(parameter, i));
            }
        }

        return result;
    }

    private static string Name(string parameter, long place)
    {
        return parameter + "[" + place.ToString(CultureInfo.InvariantCulture) + "]";
    }
}
