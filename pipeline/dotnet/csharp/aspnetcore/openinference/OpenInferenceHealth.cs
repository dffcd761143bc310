#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

/// <summary>Whether the server and the model are ready, by the program's health checks. The protocol says no with a status of the client's (4xx).</summary>
internal static class OpenInferenceHealth
{
    private static readonly byte[] Live = """{"live":true}"""u8.ToArray();
    private static readonly byte[] Ready = """{"ready":true}"""u8.ToArray();
    private static readonly byte[] NotReady = """{"ready":false,"error":"Expected healthy checks with the tag ready, got an unhealthy one: ask the program's health checks which."}"""u8.ToArray();

    internal static Task AnswerLiveAsync(HttpContext context)
    {
        return OpenInferenceAnswer.WriteAsync(context, StatusCodes.Status200OK, Live);
    }

    internal static async Task AnswerReadyAsync(HttpContext context)
    {
        bool isReady = await AskAsync(context, check => check.Tags.Contains("ready")).ConfigureAwait(false);
        await OpenInferenceAnswer.WriteAsync(context, Status(isReady), isReady ? Ready : NotReady).ConfigureAwait(false);
    }

    /// <summary>Whether a model is ready, by its own checks.</summary>
    internal static Task<bool> AskModelAsync(HttpContext context, string healthCheck)
    {
        return AskAsync(
            context,
            check => string.Equals(check.Name, healthCheck, StringComparison.Ordinal) || string.Equals(check.Name, healthCheck + ":self-test", StringComparison.Ordinal));
    }

    internal static int Status(bool isReady)
    {
        return isReady ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest;
    }

    private static async Task<bool> AskAsync(HttpContext context, Func<HealthCheckRegistration, bool> predicate)
    {
        // A program that has put its own model in place of ours may have no checks.
        HealthCheckService? checks = context.RequestServices.GetService<HealthCheckService>();
        if (checks is null)
        {
            return true;
        }

        HealthReport report = await checks.CheckHealthAsync(predicate, context.RequestAborted).ConfigureAwait(false);
        return report.Status != HealthStatus.Unhealthy;
    }
}
