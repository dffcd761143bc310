#nullable enable

namespace TheNamespace.TheModelEngine;

/// <summary>Turns a text into token ids, exactly as the tokenizer that the model was trained with.</summary>
internal interface ITextTokenizer
{
    /// <summary>Token ids as the model takes them, the special tokens before and after the text included.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="parameter">How messages call the caller's argument.</param>
    /// <exception cref="System.ArgumentException">The text is null, or has an unpaired surrogate.</exception>
    long[] Encode(string text, string parameter);
}
