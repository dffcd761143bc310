#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Text.Json;

/// <summary>Reads texts, straight as UTF-8.</summary>
internal sealed class TextReader : ValueReader
{
    internal TextReader(ModelContract contract, InputSizes sizes, int place)
        : base(contract, sizes, place)
    {
    }

    /// <summary>Appends the text whose token has been read.</summary>
    /// <returns>Whether it is well-formed.</returns>
    internal static bool TryAdd(ref BodyReader body, TextColumn column)
    {
        // An escape is longer than what it stands for.
        bool isText = body.TryCopyText(column.Reserve(body.Json.ValueSpan.Length), out int length);
        column.EndText(length);
        return isText;
    }

    private protected override void ReadValue(ref BodyReader body, Column column, int start, int row)
    {
        int index = column.Count - start;
        if (body.Token != JsonTokenType.String)
        {
            throw Refused(body, column, start, row);
        }

        if (!TryAdd(ref body, (TextColumn)column))
        {
            throw Refusal.OfValue(Input.Name + ": expected well-formed text, got ", BodyReader.IllFormed, row, Input, index);
        }
    }
}
