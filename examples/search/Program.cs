// Semantic search: which of fifty sentences mean most nearly what a question means, by the ecosystem's own interface for embeddings.
using System.Numerics.Tensors;
using Microsoft.Extensions.AI;
using Torch2DotNet;

string[] sentences = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "sentences.txt"));
string[] questions = args is not [] ? args :
[
    "How do I get my money back?",
    "I forgot how to log in.",
    "The parcel has not come yet.",
    "Is there anything for people who do not eat meat?",
];

// Whatever takes this interface works on it: caches and telemetry (Microsoft.Extensions.AI), vector stores, Semantic Kernel.
using IEmbeddingGenerator<string, Embedding<float>> generator = MinilmEmbeddingGenerator.Load();
(string Sentence, Embedding<float> Meaning)[] index = await generator.GenerateAndZipAsync(sentences);

foreach (string question in questions)
{
    ReadOnlyMemory<float> asked = await generator.GenerateVectorAsync(question);
    Console.WriteLine(question);
    var nearest = index
        .Select(entry => (entry.Sentence, Cosine: TensorPrimitives.CosineSimilarity(entry.Meaning.Vector.Span, asked.Span)))
        .OrderByDescending(entry => entry.Cosine);
    foreach ((string sentence, float cosine) in nearest.Take(3))
    {
        Console.WriteLine($"  {cosine:F3} {sentence}");
    }
}
