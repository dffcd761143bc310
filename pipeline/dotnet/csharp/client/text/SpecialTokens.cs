#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;

/// <summary>Texts that are one token wherever they stand, as a trie: many of them cost no more than one.</summary>
internal sealed class SpecialTokens
{
    // The node that follows another by a code unit: its key is the number of the node and the unit.
    private readonly Dictionary<long, int> _next = [];
    private readonly List<long> _ids = [-1];

    /// <param name="special">The texts, none of them empty, and their ids.</param>
    internal SpecialTokens(IReadOnlyList<KeyValuePair<string, long>> special)
    {
        foreach (KeyValuePair<string, long> token in special)
        {
            int node = 0;
            foreach (char unit in token.Key)
            {
                long key = Key(node, unit);
                if (!_next.TryGetValue(key, out int next))
                {
                    next = _ids.Count;
                    _ids.Add(-1);
                    _next.Add(key, next);
                }

                node = next;
            }

            _ids[node] = token.Value;
        }
    }

    /// <summary>The longest of them at the start of a text: its length, which is 0 when there is none, and its id.</summary>
    internal int Match(ReadOnlySpan<char> text, out long id)
    {
        int length = 0;
        id = -1;
        int node = 0;
        for (int i = 0; i < text.Length && _next.TryGetValue(Key(node, text[i]), out node); i++)
        {
            if (_ids[node] >= 0)
            {
                id = _ids[node];
                length = i + 1;
            }
        }

        return length;
    }

    private static long Key(int node, char unit)
    {
        return ((long)node << 16) | unit;
    }
}
