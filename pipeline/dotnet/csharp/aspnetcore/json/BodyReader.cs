#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Text.Json;

/// <summary>Reads JSON token by token, but for what a reader of values takes from its text at once.</summary>
internal ref struct BodyReader
{
    /// <summary>What a text has that is not well-formed.</summary>
    internal const string IllFormed = "an unpaired surrogate or bytes that are not UTF-8";

    /// <summary>Stands at the token that was read last.</summary>
    internal Utf8JsonReader Json;

    private readonly ReadOnlySpan<byte> _body;

    // Where in the body the reader began.
    private int _origin;

    internal BodyReader(ReadOnlySpan<byte> body)
    {
        _body = body;
        Json = new Utf8JsonReader(body);
    }

    /// <summary>The text behind the token that was read last.</summary>
    internal readonly ReadOnlySpan<byte> Rest => _body[(_origin + (int)Json.BytesConsumed)..];

    /// <summary>The first byte of the next token; 0 at the end.</summary>
    internal readonly byte Next
    {
        get
        {
            ReadOnlySpan<byte> rest = Rest;
            int start = rest.IndexOfAnyExcept(" \n\r\t"u8);
            return start < 0 ? (byte)0 : rest[start];
        }
    }

    internal readonly JsonTokenType Token => Json.TokenType;

    /// <summary>Reads the next token.</summary>
    /// <exception cref="JsonException">There is none that can stand here.</exception>
    internal JsonTokenType Read()
    {
        Json.Read();
        return Json.TokenType;
    }

    /// <summary>Passes over text that holds whole values of the array that was begun last, from its beginning on; its end is next.</summary>
    internal void Skip(int length)
    {
        _origin += (int)Json.BytesConsumed + length;
        Json = new Utf8JsonReader(_body[_origin..], isFinalBlock: true, Json.CurrentState);
    }

    /// <summary>Copies the text of a string, without its escapes; the room must be as long as it is written.</summary>
    /// <returns>Whether it is well-formed.</returns>
    internal readonly bool TryCopyText(Span<byte> room, out int length)
    {
        try
        {
            length = Json.CopyString(room);
            return true;
        }
        catch (InvalidOperationException)
        {
            length = 0;
            return false;
        }
    }

    /// <summary>Whether the text of a string or a name, which has escapes, is well-formed.</summary>
    internal readonly bool IsWellFormed()
    {
        return TryCopyText(new byte[Json.ValueSpan.Length], out _);
    }

    /// <summary>What stands here instead of what was expected.</summary>
    internal readonly string Describe()
    {
        return Json.TokenType switch
        {
            JsonTokenType.StartArray => "an array",
            JsonTokenType.StartObject => "an object",
            JsonTokenType.String => "\"" + Shorten() + "\"",
            _ => Shorten(),
        };
    }

    /// <summary>The text of the token, which may be long.</summary>
    internal readonly string Shorten()
    {
        const int Longest = 60;
        string text = System.Text.Encoding.UTF8.GetString(Json.ValueSpan);
        return text.Length > Longest ? string.Concat(text.AsSpan(0, Longest), "…") : text;
    }
}
