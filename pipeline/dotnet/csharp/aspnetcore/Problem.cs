#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Diagnostics;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;

/// <summary>
/// Problem details (RFC 9457), written by hand: ASP.NET Core's own writer answers 500 where JSON reflection is off. For a row that is refused
/// they say where: <c>row</c>, <c>field</c>, <c>index</c>.
/// </summary>
internal sealed class Problem
{
    /// <summary>What is said of a model that has been disposed.</summary>
    internal const string Stopping = "This service is stopping: send the request again, to another of its instances.";

    private const string RetryAfterSeconds = "1";
    private const string Mark = "Torch2DotNet.TheModel";

    // The text is JSON, never part of a page: quotation marks stay readable.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Exception? _error;

    internal Problem(int status, string detail, Exception? error = null)
    {
        Status = status;
        Detail = detail;
        _error = error;
    }

    /// <summary>HTTP status code of an error.</summary>
    internal int Status { get; }

    /// <summary>What was expected, what was found and what to do.</summary>
    internal string Detail { get; }

    /// <summary>The problem that an exception is; null for one that is neither the model's nor the server's about this request.</summary>
    internal static Problem? Of(Exception error, HttpContext context)
    {
        return error switch
        {
            ArgumentException refusal when refusal.Data.Contains(Mark) => new Problem(StatusCodes.Status400BadRequest, Sentence(refusal), error),
            TheModelQueueFullException => new Problem(StatusCodes.Status503ServiceUnavailable, error.Message),
            ObjectDisposedException { ObjectName: nameof(TheModel) } => new Problem(
                StatusCodes.Status503ServiceUnavailable, Stopping),
            TheModelException => new Problem(
                StatusCodes.Status500InternalServerError, "The model could not answer: the service's log says why.", error),
            OperationCanceledException or System.IO.IOException when context.RequestAborted.IsCancellationRequested => new Problem(
                StatusCodes.Status499ClientClosedRequest, "The caller has gone."),
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => TooLarge(
                context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize),
            BadHttpRequestException bad => new Problem(bad.StatusCode, bad.Message),
            _ => null,
        };
    }

    internal static Problem TooLarge(long? maxBytes)
    {
        string limit = maxBytes is { } bytes ? "at most " + bytes.ToString(CultureInfo.InvariantCulture) + " bytes" : "fewer bytes";
        return new Problem(
            StatusCodes.Status413PayloadTooLarge, "Expected a body of " + limit + ", got more: send fewer rows in a request, or each on a line of application/x-ndjson.");
    }

    /// <summary>Answers with it; and logs it, where it is the service's own fault.</summary>
    /// <param name="context">Of the request; the response must not have started.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    internal async Task WriteAsync(HttpContext context, CancellationToken cancellationToken)
    {
        context.Response.StatusCode = Status;
        Log(context);
        if (Status == StatusCodes.Status499ClientClosedRequest)
        {
            return;
        }

        if (Status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        context.Response.ContentType = "application/problem+json";
        var writer = new Utf8JsonWriter(context.Response.BodyWriter, Options);
        await using (writer.ConfigureAwait(false))
        {
            WriteTo(writer, context, line: 0);
            context.Response.ContentLength = writer.BytesCommitted + writer.BytesPending;
        }

        await context.Response.BodyWriter.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Logs it, where it is the service's own fault.</summary>
    internal void Log(HttpContext context)
    {
        if (Status == StatusCodes.Status500InternalServerError && _error is not null)
        {
            EndpointLog.Failed(context, _error);
        }
    }

    /// <param name="writer">Gets the object.</param>
    /// <param name="context">Of the request.</param>
    /// <param name="line">Of a body of lines, from 1; 0 where it is none.</param>
    internal void WriteTo(Utf8JsonWriter writer, HttpContext context, long line)
    {
        writer.WriteStartObject();
        writer.WriteString("type", Type(Status));
        writer.WriteString("title", ReasonPhrases.GetReasonPhrase(Status));
        writer.WriteNumber("status", Status);
        writer.WriteString("detail", Detail);
        if (line > 0)
        {
            writer.WriteNumber("line", line);
        }
        else if (_error?.Data["row"] is int row)
        {
            writer.WriteNumber("row", row);
        }

        if (_error?.Data["field"] is string field)
        {
            writer.WriteString("field", field);
        }

        if (_error?.Data["index"] is int index)
        {
            writer.WriteNumber("index", index);
        }

        writer.WriteString("traceId", Activity.Current?.Id ?? context.TraceIdentifier);
        writer.WriteEndObject();
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
            StatusCodes.Status413PayloadTooLarge => "https://tools.ietf.org/html/rfc9110#section-15.5.14",
            StatusCodes.Status415UnsupportedMediaType => "https://tools.ietf.org/html/rfc9110#section-15.5.16",
            StatusCodes.Status500InternalServerError => "https://tools.ietf.org/html/rfc9110#section-15.6.1",
            StatusCodes.Status503ServiceUnavailable => "https://tools.ietf.org/html/rfc9110#section-15.6.4",
            _ => "about:blank",
        };
    }
}
