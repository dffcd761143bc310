#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

/// <summary>
/// Answers NDJSON with NDJSON: a row on a line, its answer on a line, in their order, as they come, in bounded memory. A line that is refused
/// is answered in its place with <c>{"error": problem details}</c>, which name the line, and the others go on.
/// </summary>
internal sealed class LineEndpoint
{
    // A server without a limit of its own, or none that tells.
    private const long DefaultMaxLength = 30_000_000;

    private readonly ModelRunner _runner;
    private readonly TheModelEndpointOptions _options;

    internal LineEndpoint(ModelRunner runner, TheModelEndpointOptions options)
    {
        _runner = runner;
        _options = options;
    }

    /// <returns>What is wrong with the request as a whole, before the answer has begun; null where it was answered.</returns>
    internal async Task<Problem?> AnswerAsync(HttpContext context)
    {
        long maxLength = _options.MaxBodyBytes ?? DefaultMaxLength;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            maxLength = _options.MaxBodyBytes ?? size.MaxRequestBodySize ?? DefaultMaxLength;
            size.MaxRequestBodySize = _options.MaxStreamBytes;
        }

        context.Response.ContentType = context.Request.ContentType;
        var lines = new LineReader(context.Request.BodyReader, maxLength);
        int maxRows = _runner.MaxBatchSize(context);
        ModelCall call = _runner.Take();
        try
        {
            using var answers = new LineWriter(context);
            var batch = new LineBatch(_runner, call, context);
            try
            {
                while (await lines.WaitAsync().ConfigureAwait(false))
                {
                    batch.Fill(lines, maxRows);
                    await batch.RunAsync(answers).ConfigureAwait(false);

                    // Waits while the caller does not read.
                    if ((await context.Response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false)).IsCompleted)
                    {
                        return null;
                    }
                }
            }
            catch (BadHttpRequestException error) when (context.Response.HasStarted && Problem.Of(error, context) is { } problem)
            {
                answers.Refuse(problem, lines.Number + 1);
                await context.Response.BodyWriter.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
        finally
        {
            lines.End();
            _runner.Return(call);
        }

        return null;
    }
}
