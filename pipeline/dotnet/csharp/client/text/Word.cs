#nullable enable

namespace TheNamespace.TheModelEngine;

using System;

/// <summary>The word that is being read, in memory of its reader.</summary>
internal ref struct Word
{
    private readonly int _start;
    private int _end;
    private int _codePoints;

    /// <param name="memory">Two code units for each code point of the longest word, after those in front of <paramref name="start"/>.</param>
    /// <param name="hashes">One for each code unit of the longest piece that a word may have.</param>
    /// <param name="start">Where words begin in the memory.</param>
    internal Word(Span<char> memory, Span<uint> hashes, int start)
    {
        Memory = memory;
        Hashes = hashes;
        _start = start;
        _end = start;
        Hash = Vocabulary.EmptyHash;
    }

    /// <summary>What the word stands in.</summary>
    internal Span<char> Memory { get; }

    /// <summary>Memory for the hashes of the word's beginnings.</summary>
    internal Span<uint> Hashes { get; }

    /// <summary>Of the word that has been read so far.</summary>
    internal uint Hash { get; private set; }

    /// <summary>Whether the word has more code points than the longest; only that number of them is kept.</summary>
    internal bool IsTooLong { get; private set; }

    internal readonly bool IsEmpty => _codePoints == 0 && !IsTooLong;

    internal readonly int Start => _start;

    internal readonly int End => _end;

    internal readonly ReadOnlySpan<char> Text => Memory.Slice(_start, _end - _start);

    /// <summary>Room for the code points that the longest word still takes.</summary>
    internal readonly Span<char> Room(int longest)
    {
        return Memory.Slice(_end, Math.Min(longest - _codePoints, Memory.Length - _end));
    }

    /// <summary>Notes code points that were written into <see cref="Room"/>, each of one code unit.</summary>
    internal void Advance(int length, uint hash)
    {
        _end += length;
        _codePoints += length;
        Hash = hash;
    }

    internal void Append(int code, int longest)
    {
        if (_codePoints >= longest)
        {
            IsTooLong = true;
            return;
        }

        if (code > char.MaxValue)
        {
            AppendUnit((char)(0xD800 + ((code - 0x10000) >> 10)));
            AppendUnit((char)(0xDC00 + ((code - 0x10000) & 0x3FF)));
        }
        else
        {
            AppendUnit((char)code);
        }

        _codePoints++;
    }

    internal void Clear()
    {
        _end = _start;
        _codePoints = 0;
        IsTooLong = false;
        Hash = Vocabulary.EmptyHash;
    }

    private void AppendUnit(char unit)
    {
        Memory[_end] = unit;
        _end++;
        Hash = Vocabulary.Extend(Hash, unit);
    }
}
