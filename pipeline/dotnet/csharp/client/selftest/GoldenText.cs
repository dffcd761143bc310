#nullable enable

namespace TheNamespace.TheModelEngine;

using System.Collections.Generic;

/// <summary>A text, its tokens as Hugging Face's tokenizer gives them, and PyTorch's answers to it.</summary>
internal sealed class GoldenText
{
    internal GoldenText(string text, long[] ids, IReadOnlyList<GoldenTensor> answers)
    {
        Text = text;
        Ids = ids;
        Answers = answers;
    }

    internal string Text { get; }

    internal long[] Ids { get; }

    /// <summary>By output, the values of this text's row, of one axis.</summary>
    internal IReadOnlyList<GoldenTensor> Answers { get; }
}
