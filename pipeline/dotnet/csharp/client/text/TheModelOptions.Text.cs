#nullable enable

namespace TheNamespace;

// Only of a model that takes text.
public sealed partial class TheModelOptions
{
    /// <summary>
    /// Path of the vocabulary of the tokenizer, whose SHA-256 must be that of this package. Default: <see langword="null"/>, the file that
    /// the package copies beside the program.
    /// </summary>
    public string? VocabularyPath { get; set; }

    partial void BindText(TheModelEngine.OptionsReader section)
    {
        VocabularyPath = section.OptionalText(nameof(VocabularyPath), VocabularyPath);
    }
}
