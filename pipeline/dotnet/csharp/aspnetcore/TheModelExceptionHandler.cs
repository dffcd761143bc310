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
/// refuse, 503 with <c>Retry-After</c> for a full queue or a model that has been disposed, 500 for a model that cannot answer, 499 where the
/// client has gone. It leaves other exceptions to the handlers after it. What <c>MapTheModel</c> maps needs no handler.
/// </summary>
public sealed class TheModelExceptionHandler : IExceptionHandler
{
    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        ArgumentNullException.ThrowIfNull(exception);

        // What the server throws about a request is the program's, which may have read it itself.
        if (httpContext.Response.HasStarted || exception is BadHttpRequestException || Problem.Of(exception, httpContext) is not { } problem)
        {
            return false;
        }

        await problem.WriteAsync(httpContext, cancellationToken).ConfigureAwait(false);
        return true;
    }
}
