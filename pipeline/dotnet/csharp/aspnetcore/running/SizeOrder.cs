#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Linq;

/// <summary>An order of rows in which those of equal sizes stand together, so that one run takes them.</summary>
internal static class SizeOrder
{
    /// <returns>The rows' numbers, those of equal sizes in their own order; null where the rows stand together anyway.</returns>
    internal static int[]? Of(RequestRows rows)
    {
        if (HaveEqualSizes(rows))
        {
            return null;
        }

        int[] order = [.. Enumerable.Range(0, rows.Count)];
        Array.Sort(order, (first, second) =>
        {
            int difference = rows.Sizes(first).SequenceCompareTo(rows.Sizes(second));
            return difference != 0 ? difference : first.CompareTo(second);
        });
        return order;
    }

    private static bool HaveEqualSizes(RequestRows rows)
    {
        for (int row = 1; row < rows.Count; row++)
        {
            if (!rows.Sizes(row).SequenceEqual(rows.Sizes(0)))
            {
                return false;
            }
        }

        return true;
    }
}
