#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers;
using System.Text.Json;

/// <summary>Reads the body of a request, a row or <c>{"rows": [row, …]}</c>, into columns.</summary>
internal static class RowsReader
{
    /// <returns>Whether it is a list of rows.</returns>
    /// <exception cref="ArgumentException">It is not what the contract says; the sentence names the field and the index.</exception>
    internal static bool Read(in ReadOnlySequence<byte> body, RequestRows rows)
    {
        var reader = new Utf8JsonReader(body, isFinalBlock: true, state: default);
        try
        {
            reader.Read();
            ReadRow(ref reader, rows);
            return false;
        }
        catch (JsonException error)
        {
            throw Check.Refused("Expected JSON, got something else: " + error.Message, "body");
        }
    }

    private static void ReadRow(ref Utf8JsonReader reader, RequestRows rows)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            for (int place = 0; place < rows.Tensors.Length; place++)
            {
                if (reader.ValueTextEquals(rows.Tensors[place].Name))
                {
                    reader.Read();
                    ReadValues(ref reader, rows.Column<float>(place));
                    break;
                }
            }
        }

        rows.EndRow([]);
    }

    private static void ReadValues(ref Utf8JsonReader reader, Column<float> column)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.Number)
        {
            column.Add(reader.GetSingle());
        }
    }
}
