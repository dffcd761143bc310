#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

/// <summary>What endpoints log, in the model's category: see <see cref="ModelLog"/>, whose numbers go on here.</summary>
internal static class EndpointLog
{
    private static readonly Action<ILogger, string, string, string, Exception?> RequestFailed = LoggerMessage.Define<string, string, string>(
        LogLevel.Error, new EventId(8, nameof(RequestFailed)), "{Model} could not answer {Method} {Path}.");

    internal static void Failed(HttpContext context, Exception error)
    {
        if (context.RequestServices?.GetService<ILoggerFactory>() is { } loggers)
        {
            RequestFailed(loggers.CreateLogger(Facts.TelemetryName), Facts.ModelName, context.Request.Method, context.Request.Path, error);
        }
    }
}
