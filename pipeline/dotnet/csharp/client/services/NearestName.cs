#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;

/// <summary>Guesses which name someone meant.</summary>
internal static class NearestName
{
    /// <summary>The name that differs least, in at most a third of its letters; null when none does.</summary>
    internal static string? Of(string written, IEnumerable<string> names)
    {
        string? nearest = null;
        int least = int.MaxValue;
        foreach (string name in names)
        {
            int distance = Distance(written.ToUpperInvariant(), name.ToUpperInvariant());
            if (distance < least && distance <= Math.Max(1, name.Length / 3))
            {
                nearest = name;
                least = distance;
            }
        }

        return nearest;
    }

    /// <summary>Levenshtein's: the letters to insert, remove or replace.</summary>
    private static int Distance(string first, string second)
    {
        var above = new int[second.Length + 1];
        for (int j = 0; j < above.Length; j++)
        {
            above[j] = j;
        }

        for (int i = 0; i < first.Length; i++)
        {
            var row = new int[above.Length];
            row[0] = i + 1;
            for (int j = 0; j < second.Length; j++)
            {
                int replaced = above[j] + (first[i] == second[j] ? 0 : 1);
                row[j + 1] = Math.Min(replaced, Math.Min(above[j + 1], row[j]) + 1);
            }

            above = row;
        }

        return above[second.Length];
    }
}
