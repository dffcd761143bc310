namespace TheNamespace.Tests;

using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class WordPieceTokenizerTests
{
    // No control characters and accents, lower case, ligatures and a half taken apart; punctuation and ideographs are words of their own.
    private static readonly string[] Characters =
    [
        "0 - 9 _ b - d _ e - 20 _ 21 | 30 = 41 +32 5b | 61 = 7b | 7f - a0 _ a1 = bd >31.20.32 be = c0 >61 c1 =",
        "130 >69 131 = 300 - 370 = 2028 _ 202a = 4e00 | a000 = ac00 ~ d7a4 = fb03 >66.66.69 fb04 = 10400 +40 10428 =",
    ];

    private static readonly string[] Pieces =
    [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "nur", "##se", "##s", "!", "[", "]", "a", "##b", "e", "i", "x", "##x", "1", "2",
        "f", "##f", "##i", "東", "\u1112", "##\u1161", "##\u11ab", "🎉", "##🎉", "\U00010428", "<a", "<ab", "<", "c", "mask", "【】",
    ];

    [Theory]
    [InlineData("", "")]
    [InlineData("   \t\u00a0\u2028\n", "")]
    [InlineData("The nurses!", "the nur ##se ##s !")]
    [InlineData("the!the", "the ! the")]
    [InlineData("a\0b\u0007", "a ##b")]
    [InlineData("\0\0", "")]
    [InlineData("\u0301", "")]
    [InlineData("e\u0301 \u0301e", "e e")]
    [InlineData("À", "a")]
    [InlineData("İI", "i ##i")]
    [InlineData("ı", "[UNK]")]
    [InlineData("한하", "[UNK]")]
    [InlineData("한", "\u1112 ##\u1161 ##\u11ab")]
    [InlineData("하", "\u1112 ##\u1161")]
    [InlineData("東京a", "東 [UNK] a")]
    [InlineData("🎉🎉", "🎉 ##🎉")]
    [InlineData("🎉a", "[UNK]")]
    [InlineData("\U00010400", "\U00010428")]
    [InlineData("ﬃ", "f ##f ##i")]
    [InlineData("½", "1 2")]
    [InlineData("nurq", "[UNK]")]
    [InlineData("##s", "[UNK] [UNK] [UNK]")]
    public void A_text_becomes_pieces(string text, string expected)
    {
        Assert.Equal(expected, Tokenize(text));
    }

    [Theory]
    [InlineData("[CLS][SEP]x[MASK]", "[CLS] [SEP] x [MASK]")]
    [InlineData("x[MASK]x", "x [MASK] x")]
    [InlineData("[mask] [MASK", "[ mask ] [ mask")]
    [InlineData("[[MASK]]", "[ [MASK] ]")]
    [InlineData("<abc<ac <", "<ab c <a c <")]
    [InlineData("x【】x【", "x 【】 [UNK]")]
    public void A_special_token_is_one_wherever_it_stands(string text, string expected)
    {
        Assert.Equal(expected, Tokenize(text));
    }

    [Theory]
    [InlineData(6, "x", "x ##x ##x ##x ##x ##x")]
    [InlineData(7, "x", "[UNK]")]
    [InlineData(6, "🎉", "🎉 ##🎉 ##🎉 ##🎉 ##🎉 ##🎉")]
    [InlineData(7, "🎉", "[UNK]")]
    [InlineData(1000, "🎉", "[UNK]")]
    public void A_word_is_split_up_to_the_longest(int codePoints, string character, string expected)
    {
        Assert.Equal(expected, Tokenize(Repeat(character, codePoints)));
    }

    [Fact]
    public void A_word_after_one_that_is_too_long_is_split()
    {
        Assert.Equal("[UNK] x ##x", Tokenize("xxxxxxx xx"));
    }

    [Theory]
    [InlineData("the the the the", "[CLS] the the [SEP]")]
    [InlineData("the nurse", "[CLS] the nur [SEP]")]
    [InlineData("the nurq", "[CLS] the [UNK] [SEP]")]
    [InlineData("the[MASK][MASK]", "[CLS] the [MASK] [SEP]")]
    [InlineData("the½", "[CLS] [UNK] 2 [SEP]")]
    public void A_long_text_loses_its_end(string text, string expected)
    {
        Assert.Equal(expected, Names(Make(maxLength: 4, around: true).Encode(text, "text")));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    public void A_text_without_room_has_what_stands_around_it(int maxLength)
    {
        Assert.Equal("[CLS] [SEP]", Names(Make(maxLength, around: true).Encode("the", "text")));
    }

    [Fact]
    public void Many_tokens_are_in_the_order_of_the_text()
    {
        string[] words = [.. Enumerable.Range(0, 3000).Select(i => i % 3 == 0 ? "the" : "a")];
        Assert.Equal(string.Join(' ', words), Names(Make(maxLength: 3000).Encode(string.Join(' ', words), "text")));
    }

    [Theory]
    [InlineData("x")]
    [InlineData(" ")]
    [InlineData("\u0301")]
    [InlineData("the ")]
    [InlineData("東")]
    [InlineData("[MASK")]
    [InlineData("🎉")]
    public void A_text_of_hundreds_of_thousands_of_characters_takes_no_memory(string part)
    {
        WordPieceTokenizer tokenizer = Make(maxLength: 512, longestWord: 100);
        string text = Repeat(part, 400_000 / part.Length);
        tokenizer.Encode(part, "text");
        long before = GC.GetAllocatedBytesForCurrentThread();
        tokenizer.Encode(text, "text");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16_384);
    }

    [Fact]
    public void A_token_allocates_no_more_than_its_place_in_the_answer()
    {
        WordPieceTokenizer tokenizer = Make();
        string once = Repeat("the nurses! 東한 nurq ", 10);
        (int tokens, long bytes) = Measure(tokenizer, once);
        (int moreTokens, long moreBytes) = Measure(tokenizer, once + once);
        Assert.Equal(2 * tokens, moreTokens);
        Assert.Equal(8 * tokens, moreBytes - bytes);
    }

    [Theory]
    [InlineData("ok ", 0xD83D, "!", 3)]
    [InlineData("", 0xDF89, "", 0)]
    [InlineData("🎉", 0xD83D, "", 2)]
    [InlineData("the the the the the the 🎉a", 0xDF89, "the", 27)]
    public void An_unpaired_surrogate_is_refused_wherever_it_stands(string before, int unit, string after, int place)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => Make(maxLength: 4).Encode(before + (char)unit + after, "texts[1]"));
        Assert.Equal($"text: expected well-formed UTF-16, got an unpaired surrogate at character {place}. (Parameter 'texts[1]')", error.Message);
    }

    [Fact]
    public void Null_is_refused()
    {
        ArgumentNullException error = Assert.Throws<ArgumentNullException>(() => Make().Encode(null!, "texts[1]"));
        Assert.Equal("text: expected text, got null. (Parameter 'texts[1]')", error.Message);
    }

    [Fact]
    public void An_unknown_piece_that_the_vocabulary_lacks_is_refused()
    {
        var settings = new WordPieceSettings(Characters, [], [], []) { VocabularySize = 1 };
        TheModelException error = Assert.Throws<TheModelLoadException>(() => new WordPieceTokenizer(settings, "the\n"u8.ToArray(), "vocab.txt"));
        Assert.StartsWith("Expected the piece [UNK] in the vocabulary, got none in vocab.txt: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_table_of_characters_is_refused()
    {
        TheModelException error = Assert.Throws<TheModelLoadException>(() => new CharacterTable(["0 = 41 ?"]));
        Assert.StartsWith("Expected an action of the character table, got \"?\" at code point 41: ", error.Message, StringComparison.Ordinal);
    }

    private static WordPieceTokenizer Make(int maxLength = 512, bool around = false, int longestWord = 6)
    {
        string[] special = ["[CLS]", "[SEP]", "[MASK]", "<a", "<ab", "【】"];
        KeyValuePair<string, long>[] ids = [.. special.Select(text => KeyValuePair.Create(text, (long)Array.IndexOf(Pieces, text)))];
        var settings = new WordPieceSettings(Characters, ids, around ? [2] : [], around ? [3] : [])
        {
            LongestWord = longestWord,
            MaxLength = maxLength,
            VocabularySize = Pieces.Length,
        };
        return new WordPieceTokenizer(settings, Encoding.UTF8.GetBytes(string.Join('\n', Pieces)), "vocab.txt");
    }

    private static string Tokenize(string text)
    {
        return Names(Make().Encode(text, "text"));
    }

    private static (int Tokens, long AllocatedBytes) Measure(WordPieceTokenizer tokenizer, string text)
    {
        int tokens = tokenizer.Encode(text, "text").Length;
        long before = GC.GetAllocatedBytesForCurrentThread();
        tokenizer.Encode(text, "text");
        return (tokens, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string Names(long[] ids)
    {
        return string.Join(' ', ids.Select(id => Pieces[id]));
    }

    private static string Repeat(string text, int count)
    {
        return string.Concat(Enumerable.Repeat(text, count));
    }
}
