#nullable enable

namespace Microsoft.Extensions.DependencyInjection;

using System;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using TheNamespace;
using TheNamespace.TheModelEngine;

/// <summary>Registers the model as an embedding generator.</summary>
/// <remarks>
/// <c>AddTheModel</c> does it too. A generator that was registered before, for instance by <c>AddEmbeddingGenerator</c> with a cache around
/// <see cref="TheModelEmbeddingGenerator"/>, stays the one that <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> gives.
/// </remarks>
public static class TheModelEmbeddingServiceCollectionExtensions
{
    /// <summary>Registers <see cref="TheModelEmbeddingGenerator"/>, as itself and as the interface, over the registered <see cref="TheModel"/>.</summary>
    /// <param name="services">The services to add to.</param>
    /// <returns><paramref name="services"/>, so that calls can be chained.</returns>
    public static IServiceCollection AddTheModelEmbeddings(this IServiceCollection services)
    {
        Check.NotNull(services, "Expected the services to add to, got null.", nameof(services));
        services.TryAddSingleton(provider => new TheModelEmbeddingGenerator(provider.GetRequiredService<TheModel>()));
        services.TryAddSingleton<IEmbeddingGenerator<string, Embedding<float>>>(provider => provider.GetRequiredService<TheModelEmbeddingGenerator>());
        services.TryAddSingleton<IEmbeddingGenerator>(provider => provider.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>());
        return services;
    }

    /// <summary>Registers a generator under a key, over the <see cref="TheModel"/> that is registered under it.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="key">The key of the instance.</param>
    /// <returns><paramref name="services"/>, so that calls can be chained.</returns>
    public static IServiceCollection AddKeyedTheModelEmbeddings(this IServiceCollection services, string key)
    {
        Check.NotNull(services, "Expected the services to add to, got null.", nameof(services));
        Check.NotNull(key, "Expected the key of an instance, got null: give it one, or call AddTheModelEmbeddings.", nameof(key));
        services.TryAddKeyedSingleton(key, (provider, _) => new TheModelEmbeddingGenerator(provider.GetRequiredKeyedService<TheModel>(key)));
        services.TryAddKeyedSingleton<IEmbeddingGenerator<string, Embedding<float>>>(
            key, (provider, _) => provider.GetRequiredKeyedService<TheModelEmbeddingGenerator>(key));
        services.TryAddKeyedSingleton<IEmbeddingGenerator>(
            key, (provider, _) => provider.GetRequiredKeyedService<IEmbeddingGenerator<string, Embedding<float>>>(key));
        return services;
    }
}
