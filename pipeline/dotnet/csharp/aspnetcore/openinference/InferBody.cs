#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers;
using System.Globalization;
using System.IO;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

/// <summary>Reads the body of a request, decompressed, and how much of it is JSON.</summary>
internal static class InferBody
{
    /// <summary>The encodings of bodies that are taken, as <c>Accept-Encoding</c> says them.</summary>
    internal const string Encodings = "gzip, deflate";

    internal const string HeaderLength = "Inference-Header-Content-Length";

    /// <summary>Whether the body's encoding is one that is taken.</summary>
    internal static bool IsTaken(HttpRequest request)
    {
        return request.Headers.ContentEncoding.ToString() is "" or "identity" or "gzip" or "deflate";
    }

    /// <param name="context">Of the request.</param>
    /// <param name="body">Takes it.</param>
    /// <param name="maxBytes">Maximum length; null for the server's.</param>
    /// <exception cref="BadHttpRequestException">It is longer, decompressed or not.</exception>
    /// <exception cref="ArgumentException">It is not compressed as it says.</exception>
    internal static async Task ReadAsync(HttpContext context, Column<byte> body, long? maxBytes)
    {
        IHttpMaxRequestBodySizeFeature? server = context.Features.Get<IHttpMaxRequestBodySizeFeature>();
        if (maxBytes is not null && server is { IsReadOnly: false })
        {
            server.MaxRequestBodySize = maxBytes;
        }

        long limit = maxBytes ?? server?.MaxRequestBodySize ?? Array.MaxLength;
        CancellationToken aborted = context.RequestAborted;
        string encoding = context.Request.Headers.ContentEncoding.ToString();
        if (encoding is "" or "identity")
        {
            await ReadAsync(context.Request.BodyReader, body, limit, aborted).ConfigureAwait(false);
            return;
        }

        Stream compressed = context.Request.Body;
        Stream stream = encoding is "gzip" ? new GZipStream(compressed, CompressionMode.Decompress) : new ZLibStream(compressed, CompressionMode.Decompress);
        await using (stream.ConfigureAwait(false))
        {
            try
            {
                await ReadAsync(stream, body, limit, aborted).ConfigureAwait(false);
            }
            catch (InvalidDataException error)
            {
                throw Refusal.Of("body: expected what " + encoding + " has compressed, got something else: " + error.Message, -1);
            }
        }
    }

    /// <summary>How many bytes at the start of the body are JSON; the rest are binary tensors.</summary>
    /// <exception cref="ArgumentException">The header is no such number.</exception>
    internal static int ReadHeaderLength(HttpRequest request, int bodyLength)
    {
        StringValues header = request.Headers[HeaderLength];
        if (header.Count == 0)
        {
            return bodyLength;
        }

        return int.TryParse(header.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out int length) && length <= bodyLength
            ? length
            : throw Refusal.Of(
                HeaderLength + ": expected the number of bytes of the JSON at the start of the body, at most " + Number.Text(bodyLength) + ", got \"" + header + "\".",
                -1);
    }

    private static async Task ReadAsync(PipeReader reader, Column<byte> body, long limit, CancellationToken aborted)
    {
        ReadResult result;
        do
        {
            result = await reader.ReadAsync(aborted).ConfigureAwait(false);
            Append(result.Buffer, body, limit);
            reader.AdvanceTo(result.Buffer.End);
        }
        while (!result.IsCompleted);
    }

    private static void Append(in ReadOnlySequence<byte> bytes, Column<byte> body, long limit)
    {
        CheckLength(body.Count + bytes.Length, limit);
        bytes.CopyTo(body.Reserve((int)bytes.Length));
    }

    private static async Task ReadAsync(Stream stream, Column<byte> body, long limit, CancellationToken aborted)
    {
        byte[] chunk = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            int count;
            while ((count = await stream.ReadAsync(chunk, aborted).ConfigureAwait(false)) > 0)
            {
                CheckLength(body.Count + (long)count, limit);
                body.Add(chunk.AsSpan(0, count));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    private static void CheckLength(long length, long limit)
    {
        // Also where no server has counted.
        if (length > Math.Min(limit, Array.MaxLength))
        {
            throw new BadHttpRequestException("The body is too large.", StatusCodes.Status413PayloadTooLarge);
        }
    }
}
