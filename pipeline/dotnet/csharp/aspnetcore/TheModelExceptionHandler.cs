#nullable enable

namespace TheNamespace;

using System;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

/// <summary>Answers a full queue with 503 instead of 500.</summary>
public sealed class TheModelExceptionHandler : IExceptionHandler
{
    /// <inheritdoc/>
    public ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        if (exception is not TheModelQueueFullException)
        {
            return new ValueTask<bool>(false);
        }

        httpContext.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        return new ValueTask<bool>(true);
    }
}
