#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.IO.Pipelines;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;

/// <summary>Answers POST requests with rows in JSON.</summary>
internal sealed class RowEndpoint
{
    private readonly ModelRunner _runner;

    internal RowEndpoint(ModelRunner runner)
    {
        _runner = runner;
    }

    internal async Task HandleAsync(HttpContext context)
    {
        CancellationToken aborted = context.RequestAborted;
        ModelCall call = _runner.Take();
        try
        {
            ReadResult body = await ReadBodyAsync(context.Request.BodyReader, aborted).ConfigureAwait(false);
            bool isList = RowsReader.Read(body.Buffer, call.Request);
            context.Request.BodyReader.AdvanceTo(body.Buffer.End);
            await _runner.RunAsync(call, aborted).ConfigureAwait(false);
            RowsWriter.Write(call.Body.Json, call, isList);
            call.Body.Send(context.Response);
        }
        catch (ArgumentException error) when (error.Data.Contains("Torch2DotNet.TheModel"))
        {
            await Problem.WriteAsync(context, StatusCodes.Status400BadRequest, error.Message, aborted).ConfigureAwait(false);
        }
        finally
        {
            _runner.Return(call);
        }
    }

    private static async ValueTask<ReadResult> ReadBodyAsync(PipeReader reader, CancellationToken cancellationToken)
    {
        while (true)
        {
            ReadResult result = await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (result.IsCompleted)
            {
                return result;
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }
}
