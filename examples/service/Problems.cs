namespace Torch2DotNet.Service;

/// <summary>Problem details (RFC 9457) of what is not about the model.</summary>
internal static class Problems
{
    /// <summary>Adds a sentence to the status codes that the server, the routing and the limits set.</summary>
    public static void Explain(ProblemDetailsContext context)
    {
        HttpContext http = context.HttpContext;
        context.ProblemDetails.Detail ??= context.ProblemDetails.Status switch
        {
            StatusCodes.Status401Unauthorized => "Expected the header `Authorization: Bearer <key>` with the key of a caller.",
            StatusCodes.Status404NotFound => $"There is nothing at {http.Request.Path}: /openapi/v1.json lists what there is.",
            StatusCodes.Status405MethodNotAllowed => $"Expected {http.Response.Headers.Allow}, got {http.Request.Method}.",
            StatusCodes.Status429TooManyRequests => "The caller has sent more requests than it may in a second: come again in the next.",
            _ => null,
        };
    }
}
