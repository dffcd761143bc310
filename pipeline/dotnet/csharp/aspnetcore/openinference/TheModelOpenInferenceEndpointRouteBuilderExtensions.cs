#nullable enable

namespace Microsoft.AspNetCore.Builder;

using System;
using Microsoft.AspNetCore.Routing;
using TheNamespace;
using TheNamespace.TheModelEngine;

/// <summary>Maps the model to the Open Inference Protocol, which clients of Triton and KServe speak.</summary>
public static class TheModelOpenInferenceEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps the Open Inference Protocol (version 2, HTTP) to the model, which <c>services.AddTheModel()</c> has registered:
    /// <c>/v2</c>, <c>/v2/health/live</c>, <c>/v2/health/ready</c> and, below <c>/v2/models/{name}</c> and
    /// <c>/v2/models/{name}/versions/{version}</c>, the model's metadata, <c>/ready</c> and <c>/infer</c>, with binary tensors.
    /// </summary>
    /// <remarks>
    /// Models that are mapped to one program share <c>/v2</c> and <c>/v2/health</c>, which answer for the first of them; the server is ready
    /// when the program's health checks with the tag <c>ready</c> are. A body that is compressed by gzip or deflate is taken; answers are
    /// compressed where the program asks for it (<c>app.UseResponseCompression()</c>).
    /// </remarks>
    /// <param name="endpoints">The routes to add to.</param>
    /// <param name="configure">Configures name and version; <see langword="null"/> for those of the package.</param>
    /// <returns>The conventions of all these endpoints, to add authorization, rate limiting, CORS or filters to.</returns>
    /// <exception cref="ArgumentException">The name or the version cannot stand in a path, another model has the name, or an option is out of its range.</exception>
    /// <exception cref="InvalidOperationException">The model is not registered.</exception>
    public static IEndpointConventionBuilder MapTheModelOpenInference(
        this IEndpointRouteBuilder endpoints, Action<TheModelOpenInferenceOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var options = new TheModelOpenInferenceOptions();
        configure?.Invoke(options);
        options.Check(nameof(configure));
        var registered = new RegisteredModel(options.Key);
        RegistrationCheck.ThrowIfMissing(endpoints.ServiceProvider, registered);
        return OpenInferenceRoutes.Map(endpoints, options, registered);
    }
}
