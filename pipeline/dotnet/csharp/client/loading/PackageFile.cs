#nullable enable

namespace TheNamespace.TheModelEngine;

/// <summary>A file that the package copies beside the program, and that only its own content may have.</summary>
internal sealed class PackageFile
{
    /// <param name="kind">What messages call it.</param>
    /// <param name="name">Its name, which contains the start of its SHA-256.</param>
    /// <param name="sha256">Of its content, in lower-case hexadecimal.</param>
    /// <param name="bytes">Its size; 0 where the package does not say.</param>
    /// <param name="otherPlace">What a caller does who has it elsewhere.</param>
    internal PackageFile(string kind, string name, string sha256, long bytes, string otherPlace)
    {
        Kind = kind;
        Name = name;
        Sha256 = sha256;
        Bytes = bytes;
        OtherPlace = otherPlace;
    }

    internal static PackageFile Model { get; } =
        new("model", Facts.ModelFile, Facts.ModelSha256, Facts.ModelBytes, "pass its path to TheModel.Load or TheModelOptions.ModelPath");

    /// <summary>Of a model that takes text; its name is empty for the others.</summary>
    internal static PackageFile Vocabulary { get; } =
        new("vocabulary", Facts.VocabularyFile, Facts.VocabularySha256, 0, "set TheModelOptions.VocabularyPath");

    internal string Kind { get; }

    internal string Name { get; }

    internal string Sha256 { get; }

    internal long Bytes { get; }

    internal string OtherPlace { get; }
}
