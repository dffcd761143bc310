#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

/// <summary>Answers POST …/infer: whole tensors in, in JSON or in binary, and outputs out.</summary>
internal sealed class InferEndpoint
{
    private const string Binary = "application/octet-stream";

    // However many requests there may be, more than these are seldom in progress at once.
    private const int MaxIdleRequests = 256;

    private static readonly Pool<InferRequest> Requests = new(MaxIdleRequests, () => new InferRequest(ModelContract.OfTheModel));

    private readonly TheModelOpenInferenceOptions _options;
    private readonly ModelRunner _runner;

    internal InferEndpoint(TheModelOpenInferenceOptions options, ModelRunner runner)
    {
        _options = options;
        _runner = runner;
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
        catch (Exception error) when (!context.Response.HasStarted && Find(error, context) is not null)
        {
            problem = Find(error, context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // In the middle of the answer: nobody reads the rest.
            return;
        }

        if (problem is not null)
        {
            await OpenInferenceAnswer.WriteAsync(context, problem).ConfigureAwait(false);
        }
    }

    private static Problem? Find(Exception error, HttpContext context)
    {
        return error is BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }
            ? new Problem(
                StatusCodes.Status413PayloadTooLarge,
                "Expected a body of no more bytes than the server takes, decompressed too, got more: send fewer rows in a request.")
            : Problem.Of(error, context);
    }

    /// <returns>What is wrong with the request; null where it was answered.</returns>
    private async Task<Problem?> AnswerAsync(HttpContext context)
    {
        if (!InferBody.IsTaken(context.Request))
        {
            context.Response.Headers.AcceptEncoding = InferBody.Encodings;
            return new Problem(
                StatusCodes.Status415UnsupportedMediaType,
                "Content-Encoding: expected " + InferBody.Encodings + " or none, got " + context.Request.Headers.ContentEncoding + ".");
        }

        if (_runner.Refusal() is { } refusal)
        {
            return new Problem(StatusCodes.Status503ServiceUnavailable, refusal);
        }

        InferRequest request = Requests.Take();
        ModelCall call = _runner.Take();
        try
        {
            await InferBody.ReadAsync(context, request.Body, _options.MaxBodyBytes).ConfigureAwait(false);
            int jsonLength = InferBody.ReadHeaderLength(context.Request, request.Body.Count);
            InferReader.Read(request, jsonLength, call.Request, RowCheck.OfTheModel);
            if (call.Request.RowCount > _options.MaxRows)
            {
                return new Problem(
                    StatusCodes.Status413PayloadTooLarge,
                    "inputs: expected at most " + Number.Text(_options.MaxRows) + " rows in a request, got " + Number.Text(call.Request.RowCount)
                    + ": send them in several.");
            }

            await _runner.RunAsync(call, context).ConfigureAwait(false);
            Write(context.Response, request, call);
        }
        finally
        {
            _runner.Return(call);
            request.Clear();
            Requests.Return(request);
        }

        return null;
    }

    private void Write(HttpResponse response, InferRequest request, ModelCall call)
    {
        long binarySize = InferWriter.WriteJson(request, call, _options);
        response.ContentType = binarySize < 0 ? OpenInferenceAnswer.Json : Binary;
        response.ContentLength = request.AnswerJson.Length + Math.Max(binarySize, 0);
        if (binarySize >= 0)
        {
            response.Headers[InferBody.HeaderLength] = Number.Text(request.AnswerJson.Length);
        }

        InferWriter.Write(request, call, response.BodyWriter);
    }
}
