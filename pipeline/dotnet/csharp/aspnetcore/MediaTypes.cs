#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

/// <summary>Reads <see cref="BodyKind"/>.</summary>
internal static class MediaTypes
{
    private const string Json = "application/json";

    internal static BodyKind Of(HttpRequest request)
    {
        string? type = request.ContentType;
        return string.Equals(type, Json, StringComparison.Ordinal) && request.Headers.ContentEncoding.Count == 0 ? BodyKind.Json : Parse(request, type);
    }

    /// <summary>Says of a body of another type what was expected.</summary>
    internal static Problem Refuse(HttpRequest request)
    {
        string got = request.Headers.ContentEncoding.Count > 0 ? "a body with Content-Encoding " + request.Headers.ContentEncoding
            : string.IsNullOrEmpty(request.ContentType) ? "none"
            : request.ContentType;
        return new Problem(
            StatusCodes.Status415UnsupportedMediaType,
            "Expected a Content-Type of application/json (a row, or rows), or of application/x-ndjson (a row on each line), in UTF-8 and not compressed, got " + got + ".");
    }

    private static BodyKind Parse(HttpRequest request, string? type)
    {
        // The program that decompresses bodies, by UseRequestDecompression, removes the header.
        if (request.Headers.ContentEncoding.Count > 0 || !MediaTypeHeaderValue.TryParse(type, out MediaTypeHeaderValue? media))
        {
            return BodyKind.Other;
        }

        if (media.Charset.HasValue && !HeaderUtilities.RemoveQuotes(media.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase))
        {
            return BodyKind.Other;
        }

        return Is(media, Json) || (media.Type.Equals("application", StringComparison.OrdinalIgnoreCase) && media.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
            ? BodyKind.Json
            : Is(media, "application/x-ndjson") || Is(media, "application/jsonl") ? BodyKind.Lines : BodyKind.Other;
    }

    private static bool Is(MediaTypeHeaderValue media, string type)
    {
        return media.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase);
    }
}
