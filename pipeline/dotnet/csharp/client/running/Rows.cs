#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

/// <summary>Lists and streams of rows, each checked before it runs.</summary>
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
            result[i] = check(rows[i], Name(parameter, i));
        }

        return result;
    }

    /// <summary>Rows as they come, each checked when it is read.</summary>
    /// <exception cref="ArgumentException">The stream is null, or a row is rejected.</exception>
    internal static IAsyncEnumerable<TRow> CheckAsync<TGiven, TRow>(IAsyncEnumerable<TGiven> rows, Func<TGiven, string, TRow> check, string parameter)
    {
        Check.NotNull(rows, "Expected a stream of " + parameter + ", got null.", parameter);
        return Enumerate(rows, check, parameter, CancellationToken.None);
    }

    private static async IAsyncEnumerable<TRow> Enumerate<TGiven, TRow>(
        IAsyncEnumerable<TGiven> rows, Func<TGiven, string, TRow> check, string parameter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long place = 0;
        await foreach (TGiven row in rows.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            yield return check(row, Name(parameter, place++));
        }
    }

    private static string Name(string parameter, long place)
    {
        return parameter + "[" + place.ToString(CultureInfo.InvariantCulture) + "]";
    }
}
