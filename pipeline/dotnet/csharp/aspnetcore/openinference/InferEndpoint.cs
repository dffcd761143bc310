#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Threading.Tasks;
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
        if (!InferBody.IsTaken(context.Request))
        {
            context.Response.Headers.AcceptEncoding = InferBody.Encodings;
            await OpenInferenceAnswer.WriteErrorAsync(
                context,
                StatusCodes.Status415UnsupportedMediaType,
                "Content-Encoding: expected " + InferBody.Encodings + " or none, got " + context.Request.Headers.ContentEncoding + ".").ConfigureAwait(false);
            return;
        }

        InferRequest request = Requests.Take();
        ModelCall call = _runner.Take();
        try
        {
            await AnswerAsync(context, request, call).ConfigureAwait(false);
        }
        catch (Exception error) when (!context.Response.HasStarted && InferFailure.Find(context, error) is { } failure)
        {
            await failure.WriteAsync(context).ConfigureAwait(false);
        }
        finally
        {
            _runner.Return(call);
            request.Clear();
            Requests.Return(request);
        }
    }

    private async Task AnswerAsync(HttpContext context, InferRequest request, ModelCall call)
    {
        _runner.ThrowIfFull();
        await InferBody.ReadAsync(context, request.Body).ConfigureAwait(false);
        int jsonLength = InferBody.ReadHeaderLength(context.Request, request.Body.Count);
        InferReader.Read(request, jsonLength, call.Request, RowCheck.OfTheModel);
        await _runner.RunAsync(call, context).ConfigureAwait(false);
        long binarySize = InferWriter.WriteJson(request, call, _options);
        HttpResponse response = context.Response;
        response.ContentType = binarySize < 0 ? OpenInferenceAnswer.Json : Binary;
        response.ContentLength = request.AnswerJson.Length + Math.Max(binarySize, 0);
        if (binarySize >= 0)
        {
            response.Headers[InferBody.HeaderLength] = Number.Text(request.AnswerJson.Length);
        }

        InferWriter.Write(request, call, response.BodyWriter);
        await response.BodyWriter.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }
}
