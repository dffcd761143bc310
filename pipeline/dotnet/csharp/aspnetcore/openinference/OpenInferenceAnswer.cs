#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;

/// <summary>Answers of the protocol that are JSON alone.</summary>
internal static class OpenInferenceAnswer
{
    internal const string Json = "application/json";

    private const string RetryAfterSeconds = "1";

    // The text is JSON, never part of a page: quotation marks stay readable.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    internal static async Task WriteAsync(HttpContext context, int status, ReadOnlyMemory<byte> json)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = Json;
        context.Response.ContentLength = json.Length;
        await context.Response.BodyWriter.WriteAsync(json, context.RequestAborted).ConfigureAwait(false);
    }

    /// <summary>Answers with what is wrong; and logs it, where it is the service's own fault.</summary>
    internal static Task WriteAsync(HttpContext context, Problem problem)
    {
        problem.Log(context);
        if (problem.Status == StatusCodes.Status499ClientClosedRequest)
        {
            // Nobody reads more.
            context.Response.StatusCode = problem.Status;
            return Task.CompletedTask;
        }

        if (problem.Status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        return WriteErrorAsync(context, problem.Status, problem.Detail);
    }

    /// <summary>Writes <c>{"error": sentence}</c>.</summary>
    internal static Task WriteErrorAsync(HttpContext context, int status, string sentence)
    {
        return WriteAsync(context, status, Build((writer, text) => writer.WriteString("error", text), sentence));
    }

    /// <summary>An object of JSON.</summary>
    /// <param name="writeMembers">Writes what stands in it.</param>
    /// <param name="argument">What is written.</param>
    internal static byte[] Build<T>(Action<Utf8JsonWriter, T> writeMembers, T argument)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            writeMembers(writer, argument);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
