#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.AspNetCore.Routing;

/// <summary>
/// Refuses two models, or one twice, on one path, which routing would say to each request with 500. It looks when the program has started,
/// because only then are the prefixes of groups known. Models of other packages are known by a type of .NET's own in their endpoints' metadata.
/// </summary>
internal static class RouteCheck
{
    private const string Key = "Torch2DotNet.Endpoint";

    /// <summary>What marks an endpoint of this model.</summary>
    internal static object Mark()
    {
        return new KeyValuePair<string, string>(Key, Facts.ModelName);
    }

    /// <exception cref="InvalidOperationException">Two have one path.</exception>
    internal static void ThrowIfAmbiguous(EndpointDataSource endpoints)
    {
        IGrouping<string, RouteEndpoint>? ambiguous = endpoints.Endpoints.OfType<RouteEndpoint>().Where(endpoint => ModelOf(endpoint) is not null)
            .GroupBy(Place, StringComparer.OrdinalIgnoreCase).FirstOrDefault(places => places.Count() > 1);
        if (ambiguous is not null)
        {
            string models = string.Join(" and ", ambiguous.Select(ModelOf));
            throw new InvalidOperationException(
                "Expected one model on POST " + ambiguous.First().RoutePattern.RawText + ", got " + models + ": map each to a path of its own.");
        }
    }

    private static string? ModelOf(RouteEndpoint endpoint)
    {
        return endpoint.Metadata.OfType<KeyValuePair<string, string>>()
            .Where(mark => string.Equals(mark.Key, Key, StringComparison.Ordinal)).Select(mark => mark.Value).FirstOrDefault();
    }

    /// <summary>Path and hosts, by which routing tells endpoints apart.</summary>
    private static string Place(RouteEndpoint endpoint)
    {
        IHostMetadata? hosts = endpoint.Metadata.GetMetadata<IHostMetadata>();
        return "/" + endpoint.RoutePattern.RawText?.Trim('/') + " " + string.Join(' ', hosts?.Hosts ?? []);
    }
}
