#nullable enable

namespace TheNamespace.TheModelEngine;

using System;

/// <summary>Turns the texts of a request into the inputs that their tokens are.</summary>
internal static class TokenColumns
{
    /// <exception cref="ArgumentException">A text is not well-formed.</exception>
    internal static void Fill(ITextTokenizer tokenizer, RequestRows rows)
    {
        int count = rows.TextRows.Count;
        for (int row = 0; row < count; row++)
        {
            long[] numbers = tokenizer.Encode(rows.TextRows.Text(row), RowNames.Of(row, count));
            for (int place = 0; place < WebContract.TokenParts.Length; place++)
            {
                Span<long> values = rows.Column<long>(place).Reserve(numbers.Length);
                switch (WebContract.TokenParts[place])
                {
                    case TokenPart.Numbers:
                        numbers.CopyTo(values);
                        break;
                    case TokenPart.Mask:
                        values.Fill(1);
                        break;
                    default:
                        values.Clear();
                        break;
                }
            }

            rows.EndRow([numbers.Length]);
        }
    }
}
