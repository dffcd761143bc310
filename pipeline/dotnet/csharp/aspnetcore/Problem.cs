#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Diagnostics;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

/// <summary>Problem details (RFC 9457) as ASP.NET Core's own, written by hand: its writer answers 500 where JSON reflection is off.</summary>
internal static class Problem
{
    /// <summary>Writes the response.</summary>
    /// <param name="context">Of the request; the response must not have started.</param>
    /// <param name="status">HTTP status code of an error.</param>
    /// <param name="detail">What was expected, what was found and what to do.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    internal static async Task WriteAsync(HttpContext context, int status, string detail, CancellationToken cancellationToken)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";
        var writer = new Utf8JsonWriter(context.Response.BodyWriter);
        await using (writer.ConfigureAwait(false))
        {
            writer.WriteStartObject();
            writer.WriteString("type", Type(status));
            writer.WriteString("title", ReasonPhrases.GetReasonPhrase(status));
            writer.WriteNumber("status", status);
            writer.WriteString("detail", detail);
            writer.WriteString("traceId", Activity.Current?.Id ?? context.TraceIdentifier);
            writer.WriteEndObject();
        }

        await context.Response.BodyWriter.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The message without .NET's "(Parameter 'rows[3]')", and with the place before it: "rows[3]: features: expected …".</summary>
    internal static string Sentence(ArgumentException error)
    {
        string place = error.ParamName ?? string.Empty;
        string suffix = " (Parameter '" + place + "')";
        string sentence = error.Message.EndsWith(suffix, StringComparison.Ordinal) ? error.Message[..^suffix.Length] : error.Message;
        return sentence.StartsWith(place, StringComparison.Ordinal) ? sentence : place + ": " + sentence;
    }

    private static string Type(int status)
    {
        return status switch
        {
            StatusCodes.Status400BadRequest => "https://tools.ietf.org/html/rfc9110#section-15.5.1",
            StatusCodes.Status503ServiceUnavailable => "https://tools.ietf.org/html/rfc9110#section-15.6.4",
            _ => "about:blank",
        };
    }
}
