#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Text.Json;

/// <summary>Reads what a row may have beside its inputs: the text for the tokenizer, and sizes of axes.</summary>
internal sealed class OtherMembers
{
    private readonly ModelContract _contract;
    private readonly RowSentences _sentences;

    internal OtherMembers(ModelContract contract, RowSentences sentences)
    {
        _contract = contract;
        _sentences = sentences;
    }

    /// <summary>Reads a member whose name was read.</summary>
    /// <param name="body">Stands at the member's value afterwards.</param>
    /// <param name="rows">Takes the text, or the size.</param>
    /// <param name="row">The row in the request's list; -1 where there is no list.</param>
    /// <param name="texts">Number of texts of the rows before.</param>
    /// <exception cref="ArgumentException">It is none of the contract's, or has another kind.</exception>
    internal void Read(ref BodyReader body, RequestRows rows, int row, int texts)
    {
        if (_contract.TakesText && body.Json.ValueTextEquals(RowSentences.TextName))
        {
            if (rows.TextRows.Count > texts)
            {
                throw RowSentences.Twice(RowSentences.TextName, row);
            }

            if (body.Read() != JsonTokenType.String)
            {
                throw Refusal.Of(RowSentences.TextName + ": expected text, got " + body.Describe() + ".", row, RowSentences.TextName);
            }

            if (!TextReader.TryAdd(ref body, rows.TextRows))
            {
                throw Refusal.Of(RowSentences.TextName + ": expected well-formed text, got " + BodyReader.IllFormed + ".", row, RowSentences.TextName);
            }

            return;
        }

        for (int axis = 0; axis < _contract.InputAxes; axis++)
        {
            if (body.Json.ValueTextEquals(_contract.Axes[axis]))
            {
                ReadSize(ref body, rows, axis, row);
                return;
            }
        }

        throw _sentences.Unknown(body.Shorten(), row);
    }

    private void ReadSize(ref BodyReader body, RequestRows rows, int axis, int row)
    {
        string name = _contract.Axes[axis];
        int size = 0;
        bool isSize = body.Read() == JsonTokenType.Number && body.Json.TryGetInt32(out size) && size > 0;
        if (!isSize)
        {
            throw Refusal.Of(name + ": expected the size of the axis, an integer of at least 1, got " + body.Describe() + ".", row, name);
        }

        if (rows.OpenSizes[axis] >= 0 && rows.OpenSizes[axis] != size)
        {
            throw Refusal.Of(name + ": expected " + Number.Text(rows.OpenSizes[axis]) + " as told before, got " + Number.Text(size) + ".", row, name);
        }

        rows.OpenSizes[axis] = size;
    }
}
