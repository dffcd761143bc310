#nullable enable

namespace TheNamespace.TheModelEngine;

using System.Collections.Generic;

/// <summary>What the contract says of a WordPiece tokenizer; its vocabulary is a file.</summary>
internal sealed class WordPieceSettings
{
    /// <param name="characters">
    /// The table of replacements of characters, in lines of any length: runs of code points that are treated alike, each its first code
    /// point and an action, as <see cref="CharacterTable"/> reads them.
    /// </param>
    /// <param name="special">Texts that are one token wherever they stand, and their ids.</param>
    /// <param name="before">Token ids in front of every text.</param>
    /// <param name="after">Token ids behind it.</param>
    internal WordPieceSettings(
        IReadOnlyList<string> characters,
        IReadOnlyList<KeyValuePair<string, long>> special,
        IReadOnlyList<long> before,
        IReadOnlyList<long> after)
    {
        Characters = characters;
        Special = special;
        Before = before;
        After = after;
    }

    internal IReadOnlyList<string> Characters { get; }

    internal IReadOnlyList<KeyValuePair<string, long>> Special { get; }

    internal IReadOnlyList<long> Before { get; }

    internal IReadOnlyList<long> After { get; }

    /// <summary>The piece that stands for a word that has no pieces.</summary>
    internal string Unknown { get; set; } = "[UNK]";

    /// <summary>Prefix of pieces that continue a word.</summary>
    internal string Prefix { get; set; } = "##";

    /// <summary>Number of code points of the longest word that is split into pieces; a longer one is unknown.</summary>
    internal int LongestWord { get; set; } = 100;

    /// <summary>Maximum number of tokens, those before and after the text included: a longer text loses its end.</summary>
    internal int MaxLength { get; set; } = 512;

    /// <summary>Number of pieces in the vocabulary.</summary>
    internal int VocabularySize { get; set; }
}
