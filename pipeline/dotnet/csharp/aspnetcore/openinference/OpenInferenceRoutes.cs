#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

/// <summary>The routes of the Open Inference Protocol: the server's, and a model's.</summary>
internal static class OpenInferenceRoutes
{
    private const string Get = "GET";
    private const string Post = "POST";

    /// <summary>Maps the routes.</summary>
    /// <returns>The conventions of all of them.</returns>
    /// <exception cref="ArgumentException">The name or the version cannot stand in a path, or another model has the name.</exception>
    internal static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints, TheModelOpenInferenceOptions options, RegisteredModel registered)
    {
        string name = Segment(options.ModelName, nameof(options.ModelName));
        string version = Segment(options.ModelVersion, nameof(options.ModelVersion));
        int order = MappedModels.Add(endpoints, options.ModelName);
        RouteGroupBuilder routes = endpoints.MapGroup("/v2");
        MapServer(routes.MapGroup(string.Empty), endpoints.ServiceProvider, order);
        var model = new OpenInferenceModel(options, registered);
        MapModel(routes.MapGroup("/models/" + name), model);
        MapModel(routes.MapGroup("/models/" + name + "/versions/" + version), model);
        routes.Map("/models/" + name + "/versions/{version}/{**action}", model.RefuseVersionAsync);
        return routes.ExcludeFromDescription();
    }

    /// <summary>Each model maps them, so that they are there wherever it is mapped; the order decides which answers.</summary>
    private static void MapServer(RouteGroupBuilder routes, IServiceProvider services, int order)
    {
        byte[] metadata = OpenInferenceMetadata.WriteServer(services);
        Map(routes, Get, string.Empty, context => OpenInferenceAnswer.WriteAsync(context, StatusCodes.Status200OK, metadata));
        Map(routes, Get, "/health/live", OpenInferenceHealth.AnswerLiveAsync);
        Map(routes, Get, "/health/ready", OpenInferenceHealth.AnswerReadyAsync);
        routes.Map("/models/{model}/{**action}", RefuseModelAsync);
        ((IEndpointConventionBuilder)routes).Add(endpoint => ((RouteEndpointBuilder)endpoint).Order = order);
    }

    private static void MapModel(RouteGroupBuilder routes, OpenInferenceModel model)
    {
        Map(routes, Get, string.Empty, model.DescribeAsync);
        Map(routes, Get, "/ready", model.AnswerReadyAsync);
        Map(routes, Post, "/infer", model.InferAsync);
        routes.Map("/{**action}", model.RefuseActionAsync);
    }

    /// <summary>Not MapGet and MapPost, which would take a delegate that is no RequestDelegate too, by reflection.</summary>
    private static void Map(RouteGroupBuilder routes, string method, string pattern, RequestDelegate handler)
    {
        routes.MapMethods(pattern, [method], handler);
    }

    private static Task RefuseModelAsync(HttpContext context)
    {
        return OpenInferenceAnswer.WriteErrorAsync(
            context, StatusCodes.Status404NotFound, "Expected the name of a model that is served here, got \"" + context.GetRouteValue("model") + "\".");
    }

    /// <summary>A name as a segment of a route.</summary>
    private static string Segment(string name, string option)
    {
        if (string.IsNullOrWhiteSpace(name) || name.AsSpan().ContainsAny('/', '?', '\\') || name is "." or "..")
        {
            throw new ArgumentException(
                "Expected a name that can stand between two slashes of a path, got \"" + name + "\": set options." + option + ".", nameof(name));
        }

        return name.Replace("{", "{{", StringComparison.Ordinal).Replace("}", "}}", StringComparison.Ordinal);
    }
}
