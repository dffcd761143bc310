#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers;
using System.Text.Json;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;

/// <summary>Answers of the protocol that are JSON alone.</summary>
internal static class OpenInferenceAnswer
{
    internal const string Json = "application/json";

    internal static async Task WriteAsync(HttpContext context, int status, ReadOnlyMemory<byte> json)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = Json;
        context.Response.ContentLength = json.Length;
        await context.Response.BodyWriter.WriteAsync(json, context.RequestAborted).ConfigureAwait(false);
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
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writeMembers(writer, argument);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
