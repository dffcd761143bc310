#nullable enable

namespace Microsoft.Extensions.DependencyInjection;

using System;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using TheNamespace;

/// <summary>Registers the model in a dependency injection container.</summary>
public static class TheModelServiceCollectionExtensions
{
    /// <summary>Registers <see cref="TheModel"/> and <see cref="ITheModel"/> as singletons.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="configure">Configures the model's options; <see langword="null"/> for the defaults.</param>
    /// <returns><paramref name="services"/>, so that calls can be chained.</returns>
    public static IServiceCollection AddTheModel(this IServiceCollection services, Action<TheModelOptions>? configure = null)
    {
        if (configure != null)
        {
            services.Configure(configure);
        }

        services.AddOptions();
        services.TryAddSingleton(provider => TheModel.Load(provider.GetRequiredService<IOptions<TheModelOptions>>().Value));
        services.TryAddSingleton<ITheModel>(provider => provider.GetRequiredService<TheModel>());
        return services;
    }
}
