#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers;
using System.Collections.Generic;

/// <summary>
/// WordPiece: turns a text into token ids exactly as the tokenizer that the model was trained with. The text is normalized and split as
/// it is read, and no further than the last token that fits: a long text costs no more than its beginning. Thread-safe.
/// </summary>
internal sealed class WordPieceTokenizer : ITextTokenizer
{
    // Longer ones are rented: a stack has a megabyte.
    private const int StackTokens = 256;
    private const int StackWord = 256;
    private const int StackHashes = 64;

    private readonly CharacterTable _characters;
    private readonly SpecialTokens _special;
    private readonly PieceFinder _pieces;
    private readonly long[] _before;
    private readonly long[] _after;

    // What replaces the first code points; CharacterTable.Marked where a special token may begin.
    private readonly int[] _direct;
    private readonly bool _specialBeyondDirect;
    private readonly int _longestWord;

    // Tokens of a text without those before and after it.
    private readonly int _maxTokens;

    /// <param name="settings">What the contract says of the tokenizer.</param>
    /// <param name="vocabulary">Content of the vocabulary's file: a piece a line, in the order of their ids.</param>
    /// <param name="source">How messages call that file.</param>
    /// <exception cref="TheModelLoadException">The vocabulary or the table of characters is damaged.</exception>
    internal WordPieceTokenizer(WordPieceSettings settings, byte[] vocabulary, string source)
    {
        _characters = new CharacterTable(settings.Characters);
        _special = new SpecialTokens(settings.Special);
        _pieces = new PieceFinder(Vocabulary.Read(vocabulary, settings.VocabularySize, source), settings, source);
        _before = [.. settings.Before];
        _after = [.. settings.After];
        _longestWord = settings.LongestWord;
        _maxTokens = Math.Max(settings.MaxLength - _before.Length - _after.Length, 0);
        _direct = _characters.CopyDirect();
        foreach (KeyValuePair<string, long> token in settings.Special)
        {
            if (token.Key[0] < _direct.Length)
            {
                _direct[token.Key[0]] = CharacterTable.Marked;
            }
            else
            {
                _specialBeyondDirect = true;
            }
        }
    }

    /// <inheritdoc/>
    public long[] Encode(string text, string parameter)
    {
        TextCheck.Check(text, "text", string.Empty, parameter);

        // No token has less than one code point, and a code point is replaced by a few at most.
        int most = (int)Math.Min(_maxTokens, (long)text.Length * _characters.Expansion);
        long[]? rented = most > StackTokens ? ArrayPool<long>.Shared.Rent(most) : null;
        Span<long> ids = rented ?? (stackalloc long[StackTokens]);
        try
        {
            ids = ids.Slice(0, Fill(text.AsSpan(), ids.Slice(0, most)));
            var tokens = new long[_before.Length + ids.Length + _after.Length];
            _before.CopyTo(tokens, 0);
            ids.CopyTo(tokens.AsSpan(_before.Length));
            _after.CopyTo(tokens, _before.Length + ids.Length);
            return tokens;
        }
        finally
        {
            if (rented != null)
            {
                ArrayPool<long>.Shared.Return(rented);
            }
        }
    }

    /// <summary>Writes the ids of a well-formed text, as many as there is room for; their number.</summary>
    private int Fill(ReadOnlySpan<char> text, Span<long> ids)
    {
        // The prefix is written over what stands before the rest of a word, of which the first piece needs room in front.
        int wordLength = _pieces.Prefix.Length + (int)Math.Min(2L * _longestWord, 2L * text.Length * _characters.Expansion);
        int hashesLength = Math.Min(_pieces.Longest, wordLength);
        char[]? rentedWord = wordLength > StackWord ? ArrayPool<char>.Shared.Rent(wordLength) : null;
        uint[]? rentedHashes = hashesLength > StackHashes ? ArrayPool<uint>.Shared.Rent(hashesLength) : null;
        try
        {
            var word = new Word(rentedWord ?? (stackalloc char[StackWord]), rentedHashes ?? (stackalloc uint[StackHashes]), _pieces.Prefix.Length);
            return Fill(text, ids, ref word);
        }
        finally
        {
            if (rentedWord != null)
            {
                ArrayPool<char>.Shared.Return(rentedWord);
            }

            if (rentedHashes != null)
            {
                ArrayPool<uint>.Shared.Return(rentedHashes);
            }
        }
    }

    private int Fill(ReadOnlySpan<char> text, Span<long> ids, ref Word word)
    {
        int count = 0;
        int place = 0;
        while (count < ids.Length)
        {
            place = ReadLetters(text, Skip(text, place, in word), ref word);
            if (place == text.Length)
            {
                _pieces.EndWord(ref word, ids, ref count);
                break;
            }

            if (IsMarked(text[place]) && _special.Match(text.Slice(place), out long id) is int length and > 0)
            {
                _pieces.EndWord(ref word, ids, ref count);
                PieceFinder.Add(id, ids, ref count);
                place += length;
                continue;
            }

            int code = text[place];
            if (char.IsHighSurrogate(text[place]))
            {
                place++;
                code = char.ConvertToUtf32((char)code, text[place]);
            }

            place++;
            AppendReplacement(code, ref word, ids, ref count);
        }

        return count;
    }

    /// <summary>Whether a special token may begin with a code unit.</summary>
    private bool IsMarked(char unit)
    {
        return unit < _direct.Length ? _direct[unit] == CharacterTable.Marked : _specialBeyondDirect;
    }

    private void AppendReplacement(int code, ref Word word, Span<long> ids, ref int count)
    {
        int entry = _characters.Replace(code);
        switch (entry)
        {
            case >= 0:
                word.Append(entry, _longestWord);
                break;
            case CharacterTable.Space:
                _pieces.EndWord(ref word, ids, ref count);
                break;
            case CharacterTable.Nothing:
                break;
            case CharacterTable.Alone:
                _pieces.EndWord(ref word, ids, ref count);
                word.Append(code, _longestWord);
                _pieces.EndWord(ref word, ids, ref count);
                break;
            case CharacterTable.Hangul:
                AppendSyllable(code - 0xAC00, ref word);
                break;
            default:
                foreach (int part in _characters.Sequence(entry))
                {
                    if (part == ' ')
                    {
                        _pieces.EndWord(ref word, ids, ref count);
                    }
                    else
                    {
                        word.Append(part, _longestWord);
                    }
                }

                break;
        }
    }

    /// <summary>The place after characters that change nothing: spaces between words, and what follows in a word that is too long.</summary>
    private int Skip(ReadOnlySpan<char> text, int place, in Word word)
    {
        int[] direct = _direct;
        if (word.IsTooLong)
        {
            while (place < text.Length && text[place] < direct.Length && direct[text[place]] >= 0)
            {
                place++;
            }
        }
        else if (word.IsEmpty)
        {
            while (place < text.Length && text[place] < direct.Length && direct[text[place]] is CharacterTable.Space or CharacterTable.Nothing)
            {
                place++;
            }
        }

        return place;
    }

    /// <summary>Appends characters to the word as long as each is replaced by one of the first 65,536; the place after them.</summary>
    private int ReadLetters(ReadOnlySpan<char> text, int place, ref Word word)
    {
        int[] direct = _direct;
        Span<char> room = word.Room(_longestWord);
        uint hash = word.Hash;
        int length = 0;
        while (place < text.Length && length < room.Length)
        {
            int unit = text[place];
            if (unit >= direct.Length)
            {
                break;
            }

            int entry = direct[unit];
            if ((uint)entry > char.MaxValue)
            {
                break;
            }

            room[length] = (char)entry;
            hash = Vocabulary.Extend(hash, (char)entry);
            length++;
            place++;
        }

        word.Advance(length, hash);
        return place;
    }

    /// <summary>The Unicode Standard, section 3.12: leading consonant, vowel, and a trailing consonant if there is one.</summary>
    private void AppendSyllable(int syllable, ref Word word)
    {
        word.Append(0x1100 + (syllable / 588), _longestWord);
        word.Append(0x1161 + (syllable % 588 / 28), _longestWord);
        if (syllable % 28 > 0)
        {
            word.Append(0x11A7 + (syllable % 28), _longestWord);
        }
    }
}
