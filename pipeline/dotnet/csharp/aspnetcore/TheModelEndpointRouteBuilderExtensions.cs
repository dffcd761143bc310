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
    /// <param name="endpoints">The routes to add to.</param>
    /// <param name="pattern">The route, such as <c>/predict</c>.</param>
    /// <param name="configure">Configures the endpoint; <see langword="null"/> for the defaults.</param>
    /// <returns>The endpoint's conventions, to add authorization, rate limiting, CORS or filters to.</returns>
    public static IEndpointConventionBuilder MapTheModel(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, Action<TheModelEndpointOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var options = new TheModelEndpointOptions();
        configure?.Invoke(options);
        ITheModel model = endpoints.ServiceProvider.GetRequiredService<ITheModel>();
        var endpoint = new RowEndpoint(new ModelRunner(model, options.MicroBatching));
        RequestDelegate handler = endpoint.HandleAsync;
        IEndpointConventionBuilder conventions = endpoints.MapPost(pattern, handler).WithMetadata(handler.Method);
        EndpointDescription.Add(conventions, endpoints.ServiceProvider);
        return conventions;
    }
}
