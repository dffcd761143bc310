#nullable enable

namespace TheNamespace.TheModelEngine;

using System;

/// <summary>Rows of outputs that were gathered from several runs, or from what a program has put in the model's place.</summary>
internal sealed class AnswerRows : RowColumns
{
    internal AnswerRows()
        : base(WebContract.Outputs, WebContract.Axes.Length)
    {
    }

    internal void EndRow(ReadOnlySpan<int> sizes)
    {
        Append(sizes);
    }
}
