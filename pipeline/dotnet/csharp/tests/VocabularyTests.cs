namespace TheNamespace.Tests;

using System;
using System.IO;
using System.Text;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class VocabularyTests
{
    [Theory]
    [InlineData("the\n##s\n\n東\n")]
    [InlineData("the\r\n##s\r\n\r\n東\r\n")]
    [InlineData("the\n##s\n\n東")]
    public void A_piece_is_a_line(string content)
    {
        var vocabulary = Vocabulary.Read(Encoding.UTF8.GetBytes(content), 4, "vocab.txt");
        Assert.Equal([0, 1, 2, 3, -1, -1], Array.ConvertAll(new[] { "the", "##s", "", "東", "th", "s" }, piece => Find(vocabulary, piece)));
    }

    [Fact]
    public void Every_piece_of_many_has_its_id()
    {
        var lines = new StringBuilder();
        for (int i = 0; i < 30_000; i++)
        {
            lines.Append(i).Append('\n');
        }

        var vocabulary = Vocabulary.Read(Encoding.UTF8.GetBytes(lines.ToString()), 30_000, "vocab.txt");
        for (int i = 0; i < 30_000; i++)
        {
            Assert.Equal(i, Find(vocabulary, $"{i}"));
        }
    }

    [Theory]
    [InlineData("a\nb\n", "Expected a vocabulary of 3 pieces, a line each, got 2, from vocab.txt: it is not the vocabulary of ")]
    [InlineData("a\nb\nc\nd\n", "Expected a vocabulary of 3 pieces, a line each, got 4, from vocab.txt: ")]
    [InlineData("a\nb\na\n", "Expected a vocabulary of different pieces, got \"a\" as number 0 and number 2, from vocab.txt: ")]
    public void Other_content_is_refused(string content, string expected)
    {
        TheModelException error = Assert.Throws<TheModelLoadException>(() => Vocabulary.Read(Encoding.UTF8.GetBytes(content), 3, "vocab.txt"));
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_UTF_8_is_refused()
    {
        TheModelException error = Assert.Throws<TheModelLoadException>(() => Vocabulary.Read([0x61, 0xff, 0x0a], 1, "vocab.txt"));
        Assert.StartsWith("Expected a vocabulary of UTF-8, got other bytes (", error.Message, StringComparison.Ordinal);
    }

    private static int Find(Vocabulary vocabulary, string piece)
    {
        return vocabulary.Find(piece, Vocabulary.Hash(piece));
    }
}
