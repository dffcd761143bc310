#nullable enable

namespace TheNamespace.TheModelEngine;

using System;

/// <summary>Splits a word into pieces of the vocabulary.</summary>
internal sealed class PieceFinder
{
    private readonly Vocabulary _vocabulary;
    private readonly uint _prefixHash;
    private readonly int _unknown;

    /// <param name="vocabulary">The pieces.</param>
    /// <param name="settings">What the contract says of the tokenizer.</param>
    /// <param name="source">How messages call the vocabulary's file.</param>
    /// <exception cref="TheModelLoadException">The vocabulary does not have the unknown piece.</exception>
    internal PieceFinder(Vocabulary vocabulary, WordPieceSettings settings, string source)
    {
        _vocabulary = vocabulary;
        Prefix = settings.Prefix;
        _prefixHash = Vocabulary.Hash(Prefix.AsSpan());
        _unknown = vocabulary.Find(settings.Unknown.AsSpan(), Vocabulary.Hash(settings.Unknown.AsSpan()));
        if (_unknown < 0)
        {
            throw new TheModelLoadException(
                "Expected the piece " + settings.Unknown + " in the vocabulary, got none in " + source + ": the client of " + Facts.PackageId
                + " is damaged; restore the package again.");
        }
    }

    /// <summary>Prefix of pieces that continue a word.</summary>
    internal string Prefix { get; }

    /// <summary>Number of code units of the longest piece.</summary>
    internal int Longest => _vocabulary.Longest;

    /// <summary>Adds an id where there is room for it.</summary>
    internal static void Add(long id, Span<long> ids, ref int count)
    {
        if (count < ids.Length)
        {
            ids[count] = id;
            count++;
        }
    }

    /// <summary>Adds the ids of the word's pieces, and begins another word.</summary>
    internal void EndWord(ref Word word, Span<long> ids, ref int count)
    {
        if (word.IsEmpty)
        {
            return;
        }

        int start = count;
        if (word.IsTooLong)
        {
            Add(_unknown, ids, ref count);
        }
        else if (_vocabulary.Find(word.Text, word.Hash) is int whole and >= 0)
        {
            Add(whole, ids, ref count);
        }
        else if (!AddPieces(ref word, ids, ref count))
        {
            count = start;
            Add(_unknown, ids, ref count);
        }

        word.Clear();
    }

    /// <summary>
    /// The longest known piece from the left, again and again (Schuster and Nakajima, 2012); false when there is none. Pieces for which
    /// there is no room are looked for too: without them the word would be unknown.
    /// </summary>
    private bool AddPieces(ref Word word, Span<long> ids, ref int count)
    {
        Span<char> text = word.Memory;
        Span<uint> hashes = word.Hashes;
        int start = word.Start;
        int pieceStart = start;
        uint seed = Vocabulary.EmptyHash;
        while (start < word.End)
        {
            int end = Math.Min(word.End, pieceStart + Longest);
            uint hash = seed;
            for (int i = start; i < end; i++)
            {
                hash = Vocabulary.Extend(hash, text[i]);
                hashes[i - start] = hash;
            }

            int id = -1;
            while (end > start && id < 0)
            {
                id = _vocabulary.Find(text.Slice(pieceStart, end - pieceStart), hashes[end - start - 1]);
                end--;
            }

            if (id < 0)
            {
                return false;
            }

            Add(id, ids, ref count);
            start = end + 1;
            pieceStart = start - Prefix.Length;
            Prefix.AsSpan().CopyTo(text.Slice(pieceStart));
            seed = _prefixHash;
        }

        return true;
    }
}
