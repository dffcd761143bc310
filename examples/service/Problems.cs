using System.Text.Json;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Torch2DotNet.Service;

/// <summary>Turns exceptions into problem details (RFC 9457, formerly 7807): 4xx for bad requests, 503 for a model that cannot run.</summary>
internal sealed class Problems(IProblemDetailsService problems) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext context, Exception exception, CancellationToken cancellationToken)
    {
        (int status, string? detail) = exception switch
        {
            BadHttpRequestException { StatusCode: StatusCodes.Status400BadRequest, InnerException: var cause } =>
                (StatusCodes.Status400BadRequest, $"Expected a JSON body as /openapi/v1.json describes it, got one that cannot be read{Where(cause)}."),
            BadHttpRequestException bad => (bad.StatusCode, null),
            DigitsException model => (StatusCodes.Status503ServiceUnavailable, model.Message),
            _ => (StatusCodes.Status500InternalServerError, null),
        };
        context.Response.StatusCode = status;
        return await problems.TryWriteAsync(new()
        {
            HttpContext = context,
            Exception = exception,
            ProblemDetails = new ProblemDetails { Status = status, Detail = detail },
        });
    }

    /// <summary>Adds a detail to the status codes that the server or the routing sets.</summary>
    public static void Explain(ProblemDetailsContext context)
    {
        HttpContext http = context.HttpContext;
        context.ProblemDetails.Detail ??= context.ProblemDetails.Status switch
        {
            StatusCodes.Status404NotFound => $"There is nothing at {http.Request.Path}: /openapi/v1.json lists what there is.",
            StatusCodes.Status405MethodNotAllowed => $"Expected {http.Response.Headers.Allow}, got {http.Request.Method}.",
            StatusCodes.Status413PayloadTooLarge =>
                $"Expected a body of at most {http.RequestServices.GetRequiredService<IOptions<ServiceSettings>>().Value.MaxBodyBytes} bytes: send fewer rows at once.",
            StatusCodes.Status415UnsupportedMediaType => $"Expected the content type application/json, got {http.Request.ContentType ?? "none"}.",
            _ => null,
        };
    }

    private static string Where(Exception? cause) =>
        cause is JsonException { Path: not null } json ? $" at {json.Path} (line {json.LineNumber + 1}, byte {json.BytePositionInLine + 1})" : "";
}
