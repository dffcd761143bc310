#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Globalization;
using System.Text;

/// <summary>The pieces of a WordPiece vocabulary and their ids, in a flat hash table that is searched without a string.</summary>
internal sealed class Vocabulary
{
    /// <summary>Hash of no code unit; <see cref="Extend"/> adds one (FNV-1a).</summary>
    internal const uint EmptyHash = 2166136261;

    // All pieces, one behind the other; a piece is the text from its start to its end.
    private readonly string _text;
    private readonly int[] _starts;
    private readonly int[] _ends;

    // Open addressing: the hash of a piece in the upper half, its id + 1 in the lower; 0 where there is none.
    private readonly ulong[] _slots;

    private Vocabulary(string text, int[] starts, int[] ends)
    {
        _text = text;
        _starts = starts;
        _ends = ends;
        int size = 16;
        while (size < 3L * starts.Length && size < 1 << 30)
        {
            size *= 2;
        }

        _slots = new ulong[size];
    }

    /// <summary>Number of code units of the longest piece.</summary>
    internal int Longest { get; private set; }

    /// <summary>Reads a vocabulary: UTF-8, a piece a line, in the order of their ids.</summary>
    /// <param name="content">The file's content.</param>
    /// <param name="expectedCount">Number of pieces.</param>
    /// <param name="source">How messages call the file.</param>
    /// <exception cref="TheModelLoadException">It is not UTF-8, has another number of pieces, or has a piece twice.</exception>
    internal static Vocabulary Read(byte[] content, int expectedCount, string source)
    {
        string text;
        try
        {
            text = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(content);
        }
        catch (ArgumentException error)
        {
            throw Damaged("UTF-8, got other bytes (" + error.Message + ")", source, error);
        }

        var starts = new int[expectedCount];
        var ends = new int[expectedCount];
        int count = 0;
        for (int start = 0; start < text.Length; count++)
        {
            int end = text.IndexOf('\n', start);
            end = end < 0 ? text.Length : end;
            if (count < expectedCount)
            {
                starts[count] = start;
                ends[count] = end > start && text[end - 1] == '\r' ? end - 1 : end;
            }

            start = end + 1;
        }

        if (count != expectedCount)
        {
            throw Damaged(string.Format(CultureInfo.InvariantCulture, "{0} pieces, a line each, got {1}", expectedCount, count), source);
        }

        var vocabulary = new Vocabulary(text, starts, ends);
        for (int id = 0; id < count; id++)
        {
            vocabulary.Add(id, source);
        }

        return vocabulary;
    }

    /// <summary>The hash of a text and one code unit more.</summary>
    internal static uint Extend(uint hash, char unit)
    {
        return (hash ^ unit) * 16777619;
    }

    /// <summary>The hash of a text.</summary>
    internal static uint Hash(ReadOnlySpan<char> text)
    {
        uint hash = EmptyHash;
        foreach (char unit in text)
        {
            hash = Extend(hash, unit);
        }

        return hash;
    }

    /// <summary>Id of a piece; -1 when there is none.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="hash">Its hash.</param>
    internal int Find(ReadOnlySpan<char> piece, uint hash)
    {
        ulong[] slots = _slots;
        uint slot = FirstSlot(hash);
        while (true)
        {
            slot &= (uint)slots.Length - 1;
            ulong content = slots[slot];
            if (content == 0)
            {
                return -1;
            }

            if ((uint)(content >> 32) == hash)
            {
                int id = (int)(uint)content - 1;
                if (Piece(id).SequenceEqual(piece))
                {
                    return id;
                }
            }

            slot++;
        }
    }

    private static uint FirstSlot(uint hash)
    {
        // The lower bits of FNV alone are those of the last code units.
        return hash ^ (hash >> 15);
    }

    private static TheModelLoadException Damaged(string expectedAndGot, string source, Exception? cause = null)
    {
        return new TheModelLoadException(
            "Expected a vocabulary of " + expectedAndGot + ", from " + source + ": it is not the vocabulary of " + Facts.PackageId + " "
            + Facts.PackageVersion + "; clean and rebuild the project, so that it is copied.",
            cause);
    }

    private ReadOnlySpan<char> Piece(int id)
    {
        return _text.AsSpan(_starts[id], _ends[id] - _starts[id]);
    }

    private void Add(int id, string source)
    {
        ReadOnlySpan<char> piece = Piece(id);
        uint hash = Hash(piece);
        int same = Find(piece, hash);
        if (same >= 0)
        {
            throw Damaged(
                string.Format(CultureInfo.InvariantCulture, "different pieces, got \"{0}\" as number {1} and number {2}", piece.ToString(), same, id),
                source);
        }

        uint mask = (uint)_slots.Length - 1;
        uint slot = FirstSlot(hash) & mask;
        while (_slots[slot] != 0)
        {
            slot = (slot + 1) & mask;
        }

        _slots[slot] = ((ulong)hash << 32) | (uint)(id + 1);
        Longest = Math.Max(Longest, piece.Length);
    }
}
