#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Globalization;

/// <summary>
/// What replaces each character before a text is split into words. The table was made from the tokenizer that the model was trained with
/// and has every code point: the result does not depend on the culture, on ICU, or on the runtime's version of Unicode.
/// </summary>
/// <remarks>
/// A run of code points is its first code point in hexadecimal and an action: <c>=</c> the character itself, <c>-</c> nothing,
/// <c>_</c> a space, <c>|</c> the character as a word of its own, <c>~</c> the letters of a Hangul syllable, <c>+N</c> the character that
/// is N code points further, <c>&gt;A.B</c> the code points A and B in hexadecimal, of which 20 ends a word.
/// </remarks>
internal sealed class CharacterTable
{
    /// <summary>A space, which ends a word.</summary>
    internal const int Space = -1;

    /// <summary>Nothing.</summary>
    internal const int Nothing = -2;

    /// <summary>The character as a word of its own.</summary>
    internal const int Alone = -3;

    /// <summary>The letters of a Hangul syllable.</summary>
    internal const int Hangul = -4;

    /// <summary>Not of this table: for its users, who mark characters that begin something else.</summary>
    internal const int Marked = -5;

    // A sequence of code points: its index in _sequences is this number less the entry.
    private const int FirstSequence = -16;

    // Code points that are looked up directly: the alphabets, punctuation and symbols. Others are searched by their run.
    private const int DirectCount = 0x3000;

    private readonly List<int> _starts = [];
    private readonly List<int> _offsets = [];
    private readonly List<int> _kinds = [];
    private readonly List<int[]> _sequences = [];
    private readonly int[] _direct = new int[DirectCount];

    internal CharacterTable(IReadOnlyList<string> lines)
    {
        foreach (string line in lines)
        {
            string[] words = line.Split(' ');
            for (int i = 0; i < words.Length; i += 2)
            {
                AddRun(ParseHexadecimal(words[i]), words[i + 1]);
            }
        }

        for (int code = 0; code < DirectCount; code++)
        {
            _direct[code] = Search(code);
        }
    }

    /// <summary>The greatest number of code points that replace one.</summary>
    internal int Expansion { get; private set; } = 1;

    /// <summary>The entries of the first code points, to be changed by the caller.</summary>
    internal int[] CopyDirect()
    {
        return (int[])_direct.Clone();
    }

    /// <summary>What replaces a character: a code point, or one of the negative numbers of this class.</summary>
    internal int Replace(int code)
    {
        return code < DirectCount ? _direct[code] : Search(code);
    }

    /// <summary>The code points that an entry below <see cref="Marked"/> stands for.</summary>
    internal ReadOnlySpan<int> Sequence(int entry)
    {
        return _sequences[FirstSequence - entry];
    }

    private static int ParseHexadecimal(string text)
    {
        return int.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }

    private void AddRun(int start, string action)
    {
        int offset = 0;
        int kind = 0;
        switch (action[0])
        {
            case '=':
                break;
            case '+':
                offset = int.Parse(action.TrimStart('+'), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
                break;
            case '-':
                kind = Nothing;
                break;
            case '_':
                kind = Space;
                break;
            case '|':
                kind = Alone;
                break;
            case '~':
                kind = Hangul;
                Expansion = Math.Max(Expansion, 3);
                break;
            case '>':
                kind = FirstSequence - _sequences.Count;
                int[] sequence = Array.ConvertAll(action.TrimStart('>').Split('.'), ParseHexadecimal);
                _sequences.Add(sequence);
                Expansion = Math.Max(Expansion, sequence.Length);
                break;
            default:
                throw new TheModelLoadException(
                    "Expected an action of the character table, got \"" + action + "\" at code point " + start.ToString("x", CultureInfo.InvariantCulture)
                    + ": the client of " + Facts.PackageId + " is damaged; restore the package again.");
        }

        _starts.Add(start);
        _offsets.Add(offset);
        _kinds.Add(kind);
    }

    private int Search(int code)
    {
        int run = _starts.BinarySearch(code);
        run = run < 0 ? ~run - 1 : run;
        int entry = _kinds[run] != 0 ? _kinds[run] : code + _offsets[run];
        return entry == ' ' || (entry == Alone && code == ' ') ? Space : entry;
    }
}
