#nullable enable

namespace Microsoft.AspNetCore.Builder;

using System;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using TheNamespace;
using TheNamespace.TheModelEngine;

/// <summary>Maps endpoints that answer with the model.</summary>
public static class TheModelEndpointRouteBuilderExtensions
{
    /// <summary>Maps POST requests with rows in JSON to the model, which <c>services.AddTheModel()</c> has registered.</summary>
    /// <remarks>
    /// <para>
    /// <c>application/json</c>: a row, or <c>{"rows": [row, …]}</c>. <c>application/x-ndjson</c> or <c>application/jsonl</c>: a row on each line,
    /// of any number, answered line by line while they come, so that the caller must read the answer while it sends; a line that is refused is
    /// answered in its place with <c>{"error": problem details}</c>.
    /// </para>
    /// <para>What is wrong is answered with problem details (RFC 9457):</para>
    /// <list type="table">
    /// <listheader><term>Status</term><description>When</description></listheader>
    /// <item><term>400</term><description>The body is not JSON, or not what the contract says, or has too many rows: the members <c>row</c>, <c>field</c>, <c>index</c> and <c>line</c> say where.</description></item>
    /// <item><term>413</term><description>The body has too many bytes.</description></item>
    /// <item><term>415</term><description>Another Content-Type, another charset than UTF-8, or a compressed body.</description></item>
    /// <item><term>503</term><description>With <c>Retry-After</c>: the request would wait for too long, or the program is stopping.</description></item>
    /// <item><term>500</term><description>The model does not load or run: the log says why.</description></item>
    /// </list>
    /// </remarks>
    /// <param name="endpoints">The routes to add to.</param>
    /// <param name="pattern">The route, such as <c>/predict</c>.</param>
    /// <param name="configure">Configures the endpoint; <see langword="null"/> for the defaults.</param>
    /// <returns>The endpoint's conventions, to add authorization, rate limiting, CORS or filters to.</returns>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The model is not registered. That another endpoint of a model has the path is said at start.</exception>
    public static IEndpointConventionBuilder MapTheModel(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, Action<TheModelEndpointOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        var options = new TheModelEndpointOptions();
        configure?.Invoke(options);
        options.Checked(nameof(configure));
        var registered = new RegisteredModel(options.Key);
        RegistrationCheck.ThrowIfMissing(endpoints.ServiceProvider, registered);
        var endpoint = new RowEndpoint(new ModelRunner(registered, options.MicroBatching, options.MaxWait), options);
        RequestDelegate handler = endpoint.HandleAsync;
        CheckRoutesAtStart(endpoints.ServiceProvider);
        IEndpointConventionBuilder conventions = endpoints.MapPost(pattern, handler).WithMetadata(handler.Method, RouteCheck.Mark());
        EndpointDescription.Add(conventions, endpoints.ServiceProvider);
        return conventions;
    }

    private static void CheckRoutesAtStart(IServiceProvider provider)
    {
        // A program that has put something else in the model's place may have neither.
        if (provider.GetService<StartChecks>() is { } checks && provider.GetService<EndpointDataSource>() is { } routes)
        {
            checks.Add(() => RouteCheck.ThrowIfAmbiguous(routes));
        }
    }
}
