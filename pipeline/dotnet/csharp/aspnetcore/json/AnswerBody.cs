#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

/// <summary>
/// The body of an answer, whose length is known before it is sent: in one piece, without chunks. Its memory is kept from request to request.
/// </summary>
internal sealed class AnswerBody : IDisposable
{
    // What a longer answer left is not kept.
    private const int MaxKept = 1 << 18;

    private static readonly JsonWriterOptions Options = new() { SkipValidation = true };
    private ArrayBufferWriter<byte> _bytes = new();

    internal AnswerBody()
    {
        Json = new Utf8JsonWriter(_bytes, Options);
    }

    /// <summary>Writes the body.</summary>
    internal Utf8JsonWriter Json { get; }

    /// <summary>Gives the body to the response, which the server sends when the request has been handled.</summary>
    internal void Send(HttpResponse response)
    {
        Json.Flush();
        response.ContentType = "application/json";
        response.ContentLength = _bytes.WrittenCount;
        response.BodyWriter.Write(_bytes.WrittenSpan);
    }

    internal void Clear()
    {
        if (_bytes.Capacity > MaxKept)
        {
            _bytes = new ArrayBufferWriter<byte>();
        }

        _bytes.ResetWrittenCount();
        Json.Reset(_bytes);
    }

    public void Dispose()
    {
        Json.Dispose();
    }
}
