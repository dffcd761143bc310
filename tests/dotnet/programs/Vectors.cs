// The client of a model from text to a vector: by itself, as the ecosystem's interface, registered, with a key, and with cache and telemetry.
using Acme.Models;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

string[] texts = ["The nurses!", "", "x", "the the the the the the the the the the the the"];
using (TextSumEmbeddingGenerator alone = TextSumEmbeddingGenerator.Load())
{
    Print("alone", await alone.GenerateAsync(texts));
    Console.WriteLine("dimensions " + alone.GetRequiredService<EmbeddingGeneratorMetadata>().DefaultModelDimensions);
}

using (var model = TextSum.Load(new TextSumOptions { MaxQueue = 1, MaxConcurrency = 1, RejectWhenFull = true }))
{
    using var over = new TextSumEmbeddingGenerator(model);
    Print("one at a time", await over.GenerateAsync(texts));
    Console.WriteLine("its model " + ReferenceEquals(model, over.GetService<TextSum>()));
    Console.WriteLine("run " + string.Join(' ', model.Run(texts[0]).Vector));
}

var services = new ServiceCollection();
services.AddLogging();
services.AddTextSum();
services.AddKeyedTextSum("eu");
await using ServiceProvider provider = services.BuildServiceProvider();
Print("registered", await provider.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>().GenerateAsync(texts));
Print("keyed", await provider.GetRequiredKeyedService<IEmbeddingGenerator<string, Embedding<float>>>("eu").GenerateAsync(texts));

var piped = new ServiceCollection();
piped.AddDistributedMemoryCache().AddTextSum();
piped.AddEmbeddingGenerator(provider => provider.GetRequiredService<TextSumEmbeddingGenerator>())
    .UseOpenTelemetry()
    .UseDistributedCache(configure: cache => cache.CacheKeyAdditionalValues = [TextSum.ModelSha256]);
await using ServiceProvider cached = piped.BuildServiceProvider();
Console.WriteLine("cached " + string.Join(",", (await cached.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>().GenerateVectorAsync(texts[0])).ToArray()));

static void Print(string how, GeneratedEmbeddings<Embedding<float>> embeddings) => Console.WriteLine(
    how + " " + string.Join(" ", embeddings.Select(embedding => string.Join(",", embedding.Vector.ToArray()))) + " " + embeddings.Usage!.InputTokenCount);
