#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Linq;

/// <summary>Reads <see cref="TheModelOptions.Provider"/>.</summary>
internal static class ProviderOrder
{
    /// <summary>Reads names of execution providers, which commas separate.</summary>
    /// <param name="names">Such as <c>CUDA, CPU</c>.</param>
    /// <param name="failure">What is wrong with them, in one sentence; empty when nothing is.</param>
    /// <returns>The providers in this order; those before the first that is wrong.</returns>
    internal static IReadOnlyList<ExecutionProvider> Parse(string? names, out string failure)
    {
        var order = new List<ExecutionProvider>();
        foreach (string name in (names ?? string.Empty).Split(',').Select(name => name.Trim()))
        {
            ExecutionProvider? provider = ExecutionProvider.Named(name);
            if (provider is null)
            {
                failure = Unknown(name);
                return order;
            }

            if (order.Contains(provider))
            {
                failure = "expected each execution provider once, got " + provider.Name + " twice in '" + names + "'.";
                return order;
            }

            if (order.Contains(ExecutionProvider.Cpu))
            {
                failure = "expected CPU at the end, since it is on every machine, got " + provider.Name + " after it in '" + names + "'.";
                return order;
            }

            order.Add(provider);
        }

        failure = string.Empty;
        return order;
    }

    private static string Unknown(string name)
    {
        string all = string.Join(", ", ExecutionProvider.All.Select(provider => provider.Name));
        ExecutionProvider nearest = ExecutionProvider.All.OrderBy(provider => Distance(provider.Name, name)).First();
        string guess = name.Length > 0 && Distance(nearest.Name, name) <= Math.Max(1, name.Length / 3) ? "; did you mean " + nearest.Name + "?" : ".";
        return "expected execution providers in the order in which they are tried, such as 'CUDA, CPU', out of " + all + ", got '" + name + "'" + guess;
    }

    /// <summary>Number of characters to insert, delete or replace (Levenshtein), regardless of case.</summary>
    private static int Distance(string first, string second)
    {
        int[] previous = Enumerable.Range(0, second.Length + 1).ToArray();
        for (int i = 1; i <= first.Length; i++)
        {
            int[] current = new int[second.Length + 1];
            current[0] = i;
            for (int j = 1; j <= second.Length; j++)
            {
                int replaced = previous[j - 1] + (char.ToUpperInvariant(first[i - 1]) == char.ToUpperInvariant(second[j - 1]) ? 0 : 1);
                current[j] = Math.Min(replaced, Math.Min(previous[j], current[j - 1]) + 1);
            }

            previous = current;
        }

        return previous[second.Length];
    }
}
