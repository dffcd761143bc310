#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Linq;
using System.Text.Json;

/// <summary>Why a row in JSON is refused, but for its values.</summary>
internal sealed class RowSentences
{
    /// <summary>The member that holds a list of rows.</summary>
    internal const string RowsName = "rows";

    /// <summary>The member that holds a text for the tokenizer.</summary>
    internal const string TextName = "text";

    private readonly ModelContract _contract;

    internal RowSentences(ModelContract contract)
    {
        _contract = contract;
    }

    /// <summary>The refusal of a member that is none of the contract's; it says which one may have been meant.</summary>
    internal ArgumentException Unknown(string name, int row)
    {
        string[] names = [.. _contract.TakesText ? [TextName] : Array.Empty<string>(), .. _contract.Inputs.Select(input => input.Name)];
        string nearest = NearestName.Of(name, names) is string meant ? ": did you mean \"" + meant + "\"?" : ".";
        return Refusal.Of("Expected " + (names.Length == 1 ? names[0] : "one of " + string.Join(", ", names)) + ", got \"" + name + "\"" + nearest, row, name);
    }

    /// <summary>What a row is, or a request.</summary>
    internal string ExpectedRow(bool orList)
    {
        return "an object with " + (_contract.TakesText ? TextName + " or " : string.Empty) + InputNames() + (orList ? " or with rows" : string.Empty);
    }

    internal string InputNames()
    {
        return string.Join(", ", _contract.Inputs.Select(input => input.Name));
    }

    /// <summary>The refusal of a row that lacks an input.</summary>
    internal ArgumentException Missing(RequestRows rows, int row)
    {
        TensorDescription input = _contract.Inputs[Array.FindIndex(rows.OpenCounts, count => count < 0)];
        if (_contract.TakesText && Array.TrueForAll(rows.OpenCounts, count => count < 0))
        {
            return Refusal.Of(TextName + ": expected text, got none.", row, TextName);
        }

        return Refusal.Of((input.IsScalar ? ValueCheck.Expected(input) : _contract.ExpectedLength(input) + ", got ") + "none.", row, input.Name);
    }

    internal static ArgumentException Twice(string name, int row)
    {
        return Refusal.Of(name + ": expected once in a row, got it twice.", row, name);
    }

    /// <summary>Says where the text ceases to be JSON.</summary>
    internal static ArgumentException NotJson(ReadOnlySpan<byte> text, JsonException error)
    {
        // What was passed over was not counted.
        var json = new Utf8JsonReader(text);
        JsonException located = error;
        try
        {
            while (json.Read())
            {
            }
        }
        catch (JsonException same)
        {
            located = same;
        }

        string reason = located.Message.Split(" LineNumber:")[0];
        return Refusal.Of(
            "Expected JSON, got something else at line " + Number.Text((located.LineNumber ?? 0) + 1) + ", byte "
            + Number.Text((located.BytePositionInLine ?? 0) + 1) + ": " + reason,
            -1);
    }
}
