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

    /// <exception cref="BadHttpRequestException">It is larger than the server takes, decompressed or not.</exception>
    /// <exception cref="ArgumentException">It is not compressed as it says.</exception>
    internal static async Task ReadAsync(HttpContext context, Column<byte> body)
    {
        CancellationToken aborted = context.RequestAborted;
        string encoding = context.Request.Headers.ContentEncoding.ToString();
        if (encoding is "" or "identity")
        {
            await ReadAsync(context.Request.BodyReader, body, aborted).ConfigureAwait(false);
            return;
        }

        Stream compressed = context.Request.Body;
        Stream stream = encoding is "gzip" ? new GZipStream(compressed, CompressionMode.Decompress) : new ZLibStream(compressed, CompressionMode.Decompress);
        await using (stream.ConfigureAwait(false))
        {
            try
            {
                long limit = context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize ?? int.MaxValue;
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

    private static async Task ReadAsync(PipeReader reader, Column<byte> body, CancellationToken aborted)
    {
        ReadResult result;
        do
        {
            result = await reader.ReadAsync(aborted).ConfigureAwait(false);
            Append(result.Buffer, body);
            reader.AdvanceTo(result.Buffer.End);
        }
        while (!result.IsCompleted);
    }

    private static void Append(in ReadOnlySequence<byte> bytes, Column<byte> body)
    {
        bytes.CopyTo(body.Reserve(checked((int)bytes.Length)));
    }

    private static async Task ReadAsync(Stream stream, Column<byte> body, long limit, CancellationToken aborted)
    {
        byte[] chunk = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            int count;
            while ((count = await stream.ReadAsync(chunk, aborted).ConfigureAwait(false)) > 0)
            {
                if (body.Count + (long)count > limit)
                {
                    throw new BadHttpRequestException("Request body too large, decompressed.", StatusCodes.Status413PayloadTooLarge);
                }

                body.Add(chunk.AsSpan(0, count));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }
}
