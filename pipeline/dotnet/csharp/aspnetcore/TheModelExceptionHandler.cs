#nullable enable

namespace TheNamespace;

using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using TheNamespace.TheModelEngine;

/// <summary>
/// Answers what the model throws while a request is handled, with problem details (RFC 9457): 400 for a row that the model's own checks
/// refuse, 503 with <c>Retry-After</c> for a full queue, 499 where the client has gone. It leaves other exceptions to the handlers after it.
/// </summary>
public sealed class TheModelExceptionHandler : IExceptionHandler
{
    private const string RetryAfterSeconds = "1";

    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        ArgumentNullException.ThrowIfNull(exception);
        if (httpContext.Response.HasStarted)
        {
            return false;
        }

        switch (exception)
        {
            case ArgumentException error when error.Data.Contains("Torch2DotNet.TheModel"):
                await Problem.WriteAsync(httpContext, StatusCodes.Status400BadRequest, Problem.Sentence(error), cancellationToken).ConfigureAwait(false);
                return true;
            case TheModelQueueFullException:
                httpContext.Response.Headers.RetryAfter = RetryAfterSeconds;
                await Problem.WriteAsync(httpContext, StatusCodes.Status503ServiceUnavailable, exception.Message, cancellationToken).ConfigureAwait(false);
                return true;
            case OperationCanceledException when httpContext.RequestAborted.IsCancellationRequested:
                httpContext.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
                return true;
            default:
                return false;
        }
    }
}
