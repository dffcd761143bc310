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

    private const string TooLarge =
        "Expected a body of at most as many bytes as the server takes, got more: send fewer rows together, or raise KestrelServerOptions.Limits.MaxRequestBodySize.";

    /// <summary>The answer to an error, which is logged where it is the service's own fault; null where it is not one of the request's or the model's.</summary>
    internal static InferFailure? Find(HttpContext context, Exception error)
    {
        if (error is BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge })
        {
            return new InferFailure(StatusCodes.Status413PayloadTooLarge, TooLarge);
        }

        Problem? problem = Problem.Of(error, context);
        problem?.Log(context);
        return problem is null ? null : new InferFailure(problem.Status, problem.Detail);
    }

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
