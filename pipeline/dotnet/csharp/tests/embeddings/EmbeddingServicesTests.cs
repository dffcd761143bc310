namespace TheNamespace.Tests;

using System;
using System.Linq;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

public sealed class EmbeddingServicesTests
{
    [Fact]
    public void The_interface_is_the_model_s_generator()
    {
        using FakeEmbedder embedder = new();
        using TheModelEmbeddingGenerator generator = new(embedder, embedder, null);
        using ServiceProvider provider = new ServiceCollection().AddSingleton(generator).AddTheModelEmbeddings().BuildServiceProvider();
        Assert.Same(generator, provider.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>());
        Assert.Same(generator, provider.GetRequiredService<IEmbeddingGenerator>());
    }

    [Fact]
    public void A_key_has_a_generator_of_its_own()
    {
        using FakeEmbedder embedder = new();
        using TheModelEmbeddingGenerator generator = new(embedder, embedder, null);
        using ServiceProvider provider = new ServiceCollection().AddKeyedSingleton("eu", generator).AddKeyedTheModelEmbeddings("eu").BuildServiceProvider();
        Assert.Same(generator, provider.GetRequiredKeyedService<IEmbeddingGenerator<string, Embedding<float>>>("eu"));
        Assert.Same(generator, provider.GetRequiredKeyedService<IEmbeddingGenerator>("eu"));
        Assert.Null(provider.GetService<IEmbeddingGenerator>());
    }

    [Fact]
    public void The_generator_is_over_the_registered_model()
    {
        // The sample embeds nothing, so that the generator refuses the model that it was given.
        using ServiceProvider provider = new ServiceCollection().AddSingleton(TheModel.Load()).AddTheModelEmbeddings().BuildServiceProvider();
        ArgumentException error = Assert.Throws<ArgumentException>(() => provider.GetRequiredService<TheModelEmbeddingGenerator>());
        Assert.StartsWith("Expected a TheModel, got TheNamespace.TheModel", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_registration_adds_nothing()
    {
        IServiceCollection services = new ServiceCollection().AddTheModelEmbeddings().AddTheModelEmbeddings();
        Assert.Single(services, service => service.ServiceType == typeof(IEmbeddingGenerator<string, Embedding<float>>));
    }

    [Fact]
    public void A_generator_that_was_registered_before_stays()
    {
        using FakeEmbedder embedder = new();
        using TheModelEmbeddingGenerator generator = new(embedder, embedder, null);
        IServiceCollection services = new ServiceCollection();
        services.AddEmbeddingGenerator(generator);
        using ServiceProvider provider = services.AddTheModelEmbeddings().BuildServiceProvider();
        Assert.Same(generator, provider.GetServices<IEmbeddingGenerator<string, Embedding<float>>>().Single());
    }

    [Fact]
    public void Null_is_refused()
    {
        Assert.Throws<ArgumentNullException>(() => TheModelEmbeddingServiceCollectionExtensions.AddTheModelEmbeddings(null!));
        Assert.Throws<ArgumentNullException>(() => TheModelEmbeddingServiceCollectionExtensions.AddKeyedTheModelEmbeddings(null!, "eu"));
        Assert.Throws<ArgumentNullException>(() => new ServiceCollection().AddKeyedTheModelEmbeddings(null!));
    }
}
