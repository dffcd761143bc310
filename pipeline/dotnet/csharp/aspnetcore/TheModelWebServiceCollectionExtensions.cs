#nullable enable

namespace Microsoft.Extensions.DependencyInjection;

using System;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TheNamespace;

/// <summary>Registers what a program with ASP.NET Core has beside the model.</summary>
public static class TheModelWebServiceCollectionExtensions
{
    /// <summary>
    /// Registers <see cref="TheModelExceptionHandler"/>, which <c>app.UseExceptionHandler()</c> asks in the order of registration; that needs
    /// <c>AddProblemDetails()</c>, which answers what no handler does.
    /// </summary>
    /// <param name="services">The services to add to.</param>
    /// <returns><paramref name="services"/>, so that calls can be chained.</returns>
    public static IServiceCollection AddTheModelExceptionHandler(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IExceptionHandler, TheModelExceptionHandler>());
        return services;
    }
}
