#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

/// <summary>What the endpoint says of itself to generators of OpenAPI documents, by metadata of ASP.NET Core's own.</summary>
internal static class EndpointDescription
{
    private const string Forms = "A row, or rows: {\"rows\": [{…}, {…}]}. As application/x-ndjson a row stands in each line, and so does its answer.";

    private static readonly int[] Errors =
    [
        StatusCodes.Status400BadRequest,
        StatusCodes.Status413PayloadTooLarge,
        StatusCodes.Status415UnsupportedMediaType,
        StatusCodes.Status503ServiceUnavailable,
    ];

    /// <summary>Adds the metadata to an endpoint; what the program adds later comes before it.</summary>
    internal static void Add(IEndpointConventionBuilder endpoint, IServiceProvider services)
    {
        // Without a generator of documents nobody asks for the types.
        bool knowsBodies = services.GetService<IApiDescriptionGroupCollectionProvider>() is not null
            && AddTypes(services.GetRequiredService<IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions);
        endpoint.Add(builder => AddTo(builder, knowsBodies));
    }

    /// <returns>Whether the bodies are known: not where the options are locked, since the program has used them before.</returns>
    private static bool AddTypes(JsonSerializerOptions options)
    {
        IList<IJsonTypeInfoResolver> chain = options.TypeInfoResolverChain;
        if (!chain.Contains(BodyTypes.Resolver) && !options.IsReadOnly)
        {
            // Before one by reflection, which takes any type; and after all that the program has of its own.
            chain.Insert(0, BodyTypes.Resolver);
            chain.Add(ValueTypes.Resolver);
        }

        return chain.Contains(BodyTypes.Resolver);
    }

    /// <summary>The operation's id: the model's name, and what a path has beside it, so that the same model at two paths has two.</summary>
    internal static string Name(string path)
    {
        var words = new StringBuilder();
        bool begins = true;
        foreach (char character in path)
        {
            bool isPart = char.IsAsciiLetterOrDigit(character);
            if (isPart)
            {
                words.Append(begins ? char.ToUpperInvariant(character) : character);
            }

            begins = !isPart;
        }

        string name = words.ToString();
        return string.Equals(name, "TheModel", StringComparison.Ordinal) ? name : "TheModel" + name;
    }

    private static void AddTo(EndpointBuilder builder, bool knowsBodies)
    {
        IList<object> metadata = builder.Metadata;
        if (knowsBodies)
        {
            metadata.Add(new AcceptedBody());
        }

        metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, knowsBodies ? typeof(Bodies.TheModelResponse) : null, AcceptedBody.Types));
        foreach (int status in Errors)
        {
            metadata.Add(new ProducesResponseTypeMetadata(status, knowsBodies ? typeof(ProblemDetails) : null, ["application/problem+json"]));
        }

        metadata.Add(new TagsAttribute("TheModel"));
        metadata.Add(new EndpointSummaryAttribute(WebContract.Description));
        metadata.Add(new EndpointDescriptionAttribute(Forms));
        if (builder is RouteEndpointBuilder { RoutePattern.RawText: { } path })
        {
            metadata.Add(new EndpointNameMetadata(Name(path)));
        }
    }
}
