#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;

/// <summary>What a request is answered with where it cannot be answered.</summary>
/// <param name="Status">HTTP status code.</param>
/// <param name="Sentence">What was expected, what was found and what to do.</param>
internal sealed record InferFailure(int Status, string Sentence)
{
    private const string RetryAfterSeconds = "1";

    /// <summary>The answer to an error; null where it is not one of the request's or the model's.</summary>
    internal static InferFailure? Find(HttpContext context, Exception error)
    {
        return error switch
        {
            ArgumentException refused when error.Data.Contains("Torch2DotNet.TheModel") => new InferFailure(StatusCodes.Status400BadRequest, Problem.Sentence(refused)),
            BadHttpRequestException bad => new InferFailure(bad.StatusCode, bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? TooLarge : bad.Message),
            TheModelQueueFullException => new InferFailure(StatusCodes.Status503ServiceUnavailable, error.Message),
            TheModelException => new InferFailure(StatusCodes.Status500InternalServerError, "Expected the model to answer, got a failure of its own: " + error.Message),
            OperationCanceledException when context.RequestAborted.IsCancellationRequested => new InferFailure(StatusCodes.Status499ClientClosedRequest, error.Message),
            _ => null,
        };
    }

    private const string TooLarge =
        "Expected a body of at most as many bytes as the server takes, got more: send fewer rows together, or raise KestrelServerOptions.Limits.MaxRequestBodySize.";

    internal Task WriteAsync(HttpContext context)
    {
        if (Status == StatusCodes.Status499ClientClosedRequest)
        {
            // Nobody reads more.
            context.Response.StatusCode = Status;
            return Task.CompletedTask;
        }

        if (Status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        return OpenInferenceAnswer.WriteErrorAsync(context, Status, Sentence);
    }
}
