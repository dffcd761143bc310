#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

/// <summary>Answers POST requests with rows in JSON. What is wrong is answered with problem details; exceptions that are not the model's pass.</summary>
internal sealed class RowEndpoint
{
    private readonly ModelRunner _runner;
    private readonly LineEndpoint _lines;
    private readonly TheModelEndpointOptions _options;

    internal RowEndpoint(ModelRunner runner, TheModelEndpointOptions options)
    {
        _runner = runner;
        _lines = new LineEndpoint(runner, options);
        _options = options;
    }

    internal async Task HandleAsync(HttpContext context)
    {
        Problem? problem;
        try
        {
            problem = await AnswerAsync(context).ConfigureAwait(false);
        }
        catch (ConnectionResetException) when (!context.Response.HasStarted)
        {
            // In the middle of the body; RequestAborted is told of it later. Without Abort the server would try to read the rest, and log that.
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
            context.Abort();
            return;
        }
        catch (Exception error) when (!context.Response.HasStarted && Problem.Of(error, context) is not null)
        {
            problem = Problem.Of(error, context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // In the middle of the answer: nobody reads the rest.
            return;
        }

        if (problem is not null)
        {
            await problem.WriteAsync(context, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <returns>What is wrong with the request; null where it was answered.</returns>
    private Task<Problem?> AnswerAsync(HttpContext context)
    {
        switch (MediaTypes.Of(context.Request))
        {
            case BodyKind.Json:
                return AnswerRowsAsync(context);
            case BodyKind.Lines:
                return _lines.AnswerAsync(context);
            default:
                return Task.FromResult<Problem?>(MediaTypes.Refuse(context.Request));
        }
    }

    private async Task<Problem?> AnswerRowsAsync(HttpContext context)
    {
        if (_runner.Refusal() is { } refusal)
        {
            return new Problem(StatusCodes.Status503ServiceUnavailable, refusal);
        }

        if (_options.MaxBodyBytes is { } limit && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = limit;
        }

        ModelCall call = _runner.Take();
        try
        {
            PipeReader reader = context.Request.BodyReader;
            ReadResult body = await ReadBodyAsync(reader).ConfigureAwait(false);
            bool isList;
            try
            {
                if (_options.MaxBodyBytes < body.Buffer.Length)
                {
                    // Where no server has counted.
                    return Problem.TooLarge(_options.MaxBodyBytes);
                }

                isList = RowsReader.Read(body.Buffer, call.Request, _options.MaxRows);
            }
            finally
            {
                // Else the server takes the body for one that is being read, and closes the connection.
                reader.AdvanceTo(body.Buffer.End);
            }

            await _runner.RunAsync(call, context).ConfigureAwait(false);
            RowsWriter.Write(call.Body.Json, call, isList);
            call.Body.Send(context.Response);
        }
        finally
        {
            // The server sends the answer afterwards: who reads slowly keeps no more than that.
            _runner.Return(call);
        }

        return null;
    }

    private static async ValueTask<ReadResult> ReadBodyAsync(PipeReader reader)
    {
        while (true)
        {
            // The server ends it when the caller hangs up.
            ReadResult result = await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false);
            if (result.IsCompleted)
            {
                return result;
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }
}
