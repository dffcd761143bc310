#nullable enable

namespace TheNamespace;

using System;
using System.Diagnostics.CodeAnalysis;

// Only of a model that takes text; the rest of what it does with texts is generated.
public sealed partial class TheModel
{
    /// <summary>Tokenizes a text.</summary>
    /// <param name="text">Any text; it is truncated to as many tokens as the model takes.</param>
    /// <returns>Token ids as the model takes them, the special tokens before and after the text included.</returns>
    /// <exception cref="ArgumentException">The text is <see langword="null"/>, or has an unpaired surrogate.</exception>
    [SuppressMessage("Performance", "CA1822:Mark members as static", Justification = "Only of a model that takes no text is the tokenizer static.")]
    public long[] Tokenize(string text)
    {
        return (Tokenizer ?? throw new NotSupportedException("This model takes no text.")).Encode(text, nameof(text));
    }
}
