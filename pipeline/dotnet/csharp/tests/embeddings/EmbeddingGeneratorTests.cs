namespace TheNamespace.Tests;

using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Caching.Distributed;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class EmbeddingGeneratorTests
{
    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Vectors_are_in_the_order_of_the_texts()
    {
        using TheModelEmbeddingGenerator generator = Make(new FakeEmbedder());
        GeneratedEmbeddings<Embedding<float>> embeddings = await generator.GenerateAsync(["abc", "d", "ef"], cancellationToken: Ended);
        Assert.Equal([[3f, 'a'], [1f, 'd'], [2f, 'e']], embeddings.Select(embedding => embedding.Vector.ToArray()));
        Assert.All(embeddings, embedding => Assert.Equal(Facts.PackageId, embedding.ModelId));
    }

    [Fact]
    public async Task Tokens_are_counted()
    {
        using TheModelEmbeddingGenerator generator = Make(new FakeEmbedder());
        UsageDetails usage = (await generator.GenerateAsync(["abc", "d", "ef"], cancellationToken: Ended)).Usage!;
        Assert.Equal((6, null, 6), (usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount));
    }

    [Fact]
    public async Task No_texts_have_no_vectors()
    {
        using TheModelEmbeddingGenerator generator = Make(new FakeEmbedder());
        GeneratedEmbeddings<Embedding<float>> embeddings = await generator.GenerateAsync([], cancellationToken: Ended);
        Assert.Empty(embeddings);
        Assert.Equal(0, embeddings.Usage!.InputTokenCount);
    }

    [Theory]
    [InlineData(100, 7)]
    [InlineData(3, 3)]
    [InlineData(1, 1)]
    public async Task Texts_wait_together_and_never_more_than_the_queue_takes(int maxPending, int expected)
    {
        var embedder = new FakeEmbedder { MaxPending = maxPending };
        using TheModelEmbeddingGenerator generator = Make(embedder);
        GeneratedEmbeddings<Embedding<float>> embeddings = await generator.GenerateAsync(["a", "b", "c", "d", "e", "f", "g"], cancellationToken: Ended);
        Assert.Equal("abcdefg", string.Concat(embeddings.Select(embedding => (char)embedding.Vector.Span[1])));
        Assert.Equal(expected, embedder.MostPending);
    }

    [Fact]
    public async Task A_text_that_is_null_is_named_before_any_runs()
    {
        var embedder = new FakeEmbedder();
        using TheModelEmbeddingGenerator generator = Make(embedder);
        ArgumentException error = await Assert.ThrowsAsync<ArgumentNullException>(() => generator.GenerateAsync(["a", null!], cancellationToken: Ended));
        Assert.Equal("text: expected text, got null. (Parameter 'values[1]')", error.Message);
        Assert.Equal(0, embedder.Calls);
    }

    [Fact]
    public async Task Null_is_no_list_of_texts()
    {
        using TheModelEmbeddingGenerator generator = Make(new FakeEmbedder());
        ArgumentException error = await Assert.ThrowsAsync<ArgumentNullException>(() => generator.GenerateAsync(null!, cancellationToken: Ended));
        Assert.Equal("Expected a list of texts, got null. (Parameter 'values')", error.Message);
    }

    [Theory]
    [InlineData(3, null, "Expected 2 dimensions, the only number that TheNamespace.TheModel has, got 3: leave options.Dimensions out. (Parameter 'options')")]
    [InlineData(null, "ada", "Expected the model TheNamespace.TheModel, the only one here, got ada: leave options.ModelId out. (Parameter 'options')")]
    public async Task Options_that_the_model_has_not_are_refused(int? dimensions, string? model, string expected)
    {
        using TheModelEmbeddingGenerator generator = Make(new FakeEmbedder());
        var options = new EmbeddingGenerationOptions { Dimensions = dimensions, ModelId = model };
        ArgumentException error = await Assert.ThrowsAsync<ArgumentException>(() => generator.GenerateAsync(["a"], options, Ended));
        Assert.Equal(expected, error.Message);
    }

    [Fact]
    public async Task Options_that_the_model_has_are_taken()
    {
        using TheModelEmbeddingGenerator generator = Make(new FakeEmbedder());
        var options = new EmbeddingGenerationOptions { Dimensions = 2, ModelId = "thenamespace.themodel" };
        Assert.Single(await generator.GenerateAsync(["a"], options, Ended));
    }

    [Fact]
    public async Task A_failed_run_is_the_model_s_exception()
    {
        using TheModelEmbeddingGenerator generator = Make(new FakeEmbedder());
        await Assert.ThrowsAsync<TheModelException>(() => generator.GenerateAsync(["a", "!"], cancellationToken: Ended));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_ends()
    {
        using var cancellation = new CancellationTokenSource();
        using TheModelEmbeddingGenerator generator = Make(new FakeEmbedder { Gate = new TaskCompletionSource().Task });
        Task<GeneratedEmbeddings<Embedding<float>>> call = generator.GenerateAsync(["a", "b"], cancellationToken: cancellation.Token);
        Assert.False(call.IsCompleted);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }

    [Fact]
    public async Task A_cancelled_call_tokenizes_nothing()
    {
        var embedder = new FakeEmbedder();
        using TheModelEmbeddingGenerator generator = Make(embedder);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generator.GenerateAsync(["a"], cancellationToken: new CancellationToken(canceled: true)));
        Assert.Equal(0, embedder.Calls);
    }

    [Fact]
    public void It_says_what_it_is()
    {
        using TheModelEmbeddingGenerator generator = Make(new FakeEmbedder());
        EmbeddingGeneratorMetadata metadata = generator.GetRequiredService<EmbeddingGeneratorMetadata>();
        Assert.Equal(("torch2dotnet", "TheNamespace.TheModel", 2), (metadata.ProviderName, metadata.DefaultModelId, metadata.DefaultModelDimensions));
    }

    [Fact]
    public void What_stands_behind_it_is_given()
    {
        using TheModel model = TheModel.Load();
        using var generator = new TheModelEmbeddingGenerator(new FakeEmbedder(), model, null);
        Assert.Same(model, generator.GetService<TheModel>());
        Assert.Same(model, generator.GetService<ITheModel>());
        Assert.Same(model.Diagnostics, generator.GetService<TheModelDiagnostics>());
        Assert.Same(generator, generator.GetService<IEmbeddingGenerator<string, Embedding<float>>>());
        Assert.Null(generator.GetService<TheModel>("key"));
        Assert.Null(generator.GetService<string>());
    }

    [Fact]
    public void Only_the_model_of_the_package_embeds()
    {
        using TheModel model = TheModel.Load();
        ArgumentException error = Assert.Throws<ArgumentException>(() => new TheModelEmbeddingGenerator(model));
        Assert.StartsWith("Expected a TheModel, got TheNamespace.TheModel: in a test put a fake ", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentNullException>(() => new TheModelEmbeddingGenerator(null!));
    }

    [Fact]
    public void A_model_that_it_has_loaded_is_disposed_with_it()
    {
        var embedder = new FakeEmbedder();
        new TheModelEmbeddingGenerator(embedder, embedder, embedder).Dispose();
        Assert.True(embedder.IsDisposed);
    }

    [Fact]
    public void A_model_of_the_caller_is_not_disposed_with_it()
    {
        var embedder = new FakeEmbedder();
        Make(embedder).Dispose();
        Assert.False(embedder.IsDisposed);
    }

    [Fact]
    public async Task A_cache_asks_once_for_each_text()
    {
        var embedder = new FakeEmbedder();
        using IEmbeddingGenerator<string, Embedding<float>> cached = Make(embedder).AsBuilder().UseDistributedCache(new DictionaryCache()).Build();
        await cached.GenerateAsync(["a", "bc"], cancellationToken: Ended);
        GeneratedEmbeddings<Embedding<float>> again = await cached.GenerateAsync(["bc", "d"], cancellationToken: Ended);
        Assert.Equal([[2f, 'b'], [1f, 'd']], again.Select(embedding => embedding.Vector.ToArray()));
        Assert.Equal(3, embedder.Calls);
    }

    [Theory]
    [InlineData(null, 1)]
    [InlineData("another model", 2)]
    public async Task A_cache_answers_for_another_model_unless_its_keys_have_it(string? other, int calls)
    {
        var cache = new DictionaryCache();
        var embedder = new FakeEmbedder();
        foreach (string? model in new[] { null, other })
        {
            using IEmbeddingGenerator<string, Embedding<float>> cached = Make(embedder).AsBuilder()
                .UseDistributedCache(cache, keys => keys.CacheKeyAdditionalValues = model is null ? null : [model]).Build();
            await cached.GenerateVectorAsync("a", cancellationToken: Ended);
        }

        Assert.Equal(calls, embedder.Calls);
    }

    [Fact]
    public async Task Telemetry_shows_the_model_and_its_tokens()
    {
        Activity? seen = null;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == nameof(Telemetry_shows_the_model_and_its_tokens),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity => seen = activity,
        };
        ActivitySource.AddActivityListener(listener);
        using IEmbeddingGenerator<string, Embedding<float>> traced = Make(new FakeEmbedder()).AsBuilder()
            .UseOpenTelemetry(sourceName: nameof(Telemetry_shows_the_model_and_its_tokens)).Build();
        await traced.GenerateAsync(["abc"], cancellationToken: Ended);
        Dictionary<string, object?> tags = seen!.TagObjects.ToDictionary(tag => tag.Key, tag => tag.Value, StringComparer.Ordinal);
        Assert.Equal("torch2dotnet", tags["gen_ai.provider.name"]);
        Assert.Equal("TheNamespace.TheModel", tags["gen_ai.request.model"]);
        Assert.Equal(3, Convert.ToInt32(tags["gen_ai.usage.input_tokens"], System.Globalization.CultureInfo.InvariantCulture));
    }

    private static TheModelEmbeddingGenerator Make(FakeEmbedder embedder)
    {
        return new TheModelEmbeddingGenerator(embedder, embedder, null);
    }

    private sealed class DictionaryCache : IDistributedCache
    {
        private readonly ConcurrentDictionary<string, byte[]> _entries = new(StringComparer.Ordinal);

        public byte[]? Get(string key) => _entries.GetValueOrDefault(key);

        public Task<byte[]?> GetAsync(string key, CancellationToken token = default) => Task.FromResult(Get(key));

        public void Refresh(string key)
        {
        }

        public Task RefreshAsync(string key, CancellationToken token = default) => Task.CompletedTask;

        public void Remove(string key) => _entries.TryRemove(key, out _);

        public Task RemoveAsync(string key, CancellationToken token = default)
        {
            Remove(key);
            return Task.CompletedTask;
        }

        public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => _entries[key] = value;

        public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
        {
            Set(key, value, options);
            return Task.CompletedTask;
        }
    }
}
