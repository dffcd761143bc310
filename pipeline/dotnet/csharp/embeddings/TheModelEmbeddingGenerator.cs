#nullable enable

namespace TheNamespace;

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.AI;
using TheNamespace.TheModelEngine;

/// <summary>
/// The model as the interface of Microsoft.Extensions.AI for text embeddings, so that its caches, its telemetry and vector stores work on
/// the model.
/// </summary>
/// <remarks>
/// All members are thread-safe. The texts of one call run together and with those of concurrent callers, in batches of at most
/// <see cref="TheModelOptions.MaxBatchSize"/>; texts with equal numbers of tokens share a batch.
/// </remarks>
public sealed class TheModelEmbeddingGenerator : IEmbeddingGenerator<string, Embedding<float>>
{
    /// <summary>Name of the provider in the metadata, which telemetry shows.</summary>
    public const string ProviderName = "torch2dotnet";

    private readonly IEmbeddingModel _embedder;
    private readonly object _model;
    private readonly IDisposable? _owned;
    private readonly EmbeddingGeneratorMetadata _metadata;

    /// <summary>Creates a generator over a loaded model, which is not disposed with it.</summary>
    /// <param name="model">A <see cref="TheModel"/>.</param>
    /// <exception cref="ArgumentException">It is another implementation of the interface.</exception>
    public TheModelEmbeddingGenerator(ITheModel model)
        : this(AsEmbeddingModel(model), model, null)
    {
    }

    internal TheModelEmbeddingGenerator(IEmbeddingModel embedder, object model, IDisposable? owned)
    {
        _embedder = embedder;
        _model = model;
        _owned = owned;
        _metadata = new EmbeddingGeneratorMetadata(ProviderName, providerUri: null, Facts.PackageId, embedder.Dimensions);
    }

    /// <summary>Loads the model that the package copied beside the program; it is disposed with the generator.</summary>
    /// <param name="options">Options; <see langword="null"/> for the defaults.</param>
    /// <returns>The generator.</returns>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="TheModelLoadException">A file is missing or is not of this package, or onnxruntime cannot load the model.</exception>
    public static TheModelEmbeddingGenerator Load(TheModelOptions? options = null)
    {
        TheModel model = TheModel.Load(options);
        return new TheModelEmbeddingGenerator(AsEmbeddingModel(model), model, model);
    }

    /// <summary>Turns texts into vectors.</summary>
    /// <param name="values">The texts; each is truncated to as many tokens as the model takes.</param>
    /// <param name="options">Options; <see langword="null"/> for none. The model has one number of dimensions, and one id: its package's.</param>
    /// <param name="cancellationToken">Ends the wait, and the runs where no other caller's texts are in them.</param>
    /// <returns>A vector for each text, in the order of the texts, and the number of tokens that the model read.</returns>
    /// <exception cref="ArgumentException">
    /// A text is <see langword="null"/> or has an unpaired surrogate, or an option asks for what this model has not; no text has run then.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    /// <exception cref="TheModelQueueFullException">The queue is full, and <see cref="TheModelOptions.RejectWhenFull"/> is set.</exception>
    /// <exception cref="TheModelException">onnxruntime failed.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        if (values is null)
        {
            throw new ArgumentNullException(nameof(values), "Expected a list of texts, got null.");
        }

        CheckOptions(options);
        List<long[]> texts = Tokenize(values, cancellationToken, out long count);
        var embeddings = new GeneratedEmbeddings<Embedding<float>>(texts.Count)
        {
            Usage = new UsageDetails { InputTokenCount = count, TotalTokenCount = count },
        };
        for (int start = 0; start < texts.Count; start += _embedder.MaxPending)
        {
            var pending = new Task<float[]>[Math.Min(_embedder.MaxPending, texts.Count - start)];
            for (int i = 0; i < pending.Length; i++)
            {
                pending[i] = _embedder.EmbedAsync(texts[start + i], cancellationToken);
            }

            foreach (float[] vector in await Task.WhenAll(pending).ConfigureAwait(false))
            {
                embeddings.Add(new Embedding<float>(vector) { ModelId = Facts.PackageId });
            }
        }

        return embeddings;
    }

    /// <summary>What stands behind this generator: its <see cref="EmbeddingGeneratorMetadata"/>, the model, itself.</summary>
    /// <param name="serviceType">The type that is asked for.</param>
    /// <param name="serviceKey">A key; nothing here has one.</param>
    /// <returns>The object; <see langword="null"/> where there is none of the type.</returns>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        if (serviceType is null)
        {
            throw new ArgumentNullException(nameof(serviceType), "Expected the type of a service, got null.");
        }

        if (serviceKey is not null)
        {
            return null;
        }

        foreach (object? service in new[] { this, _metadata, _model, (_model as ITheModel)?.Diagnostics })
        {
            if (serviceType.IsInstanceOfType(service))
            {
                return service;
            }
        }

        return null;
    }

    /// <summary>Disposes the model where <see cref="Load"/> has loaded it; otherwise does nothing.</summary>
    public void Dispose()
    {
        _owned?.Dispose();
    }

    private static IEmbeddingModel AsEmbeddingModel(ITheModel model)
    {
        Check.NotNull(model, "Expected a TheModel, got null.", nameof(model));
        return model as IEmbeddingModel ?? throw new ArgumentException(
            "Expected a TheModel, got " + model.GetType() + ": in a test put a fake in the place of IEmbeddingGenerator<string, Embedding<float>> instead.",
            nameof(model));
    }

    private void CheckOptions(EmbeddingGenerationOptions? options)
    {
        if (options?.Dimensions is int dimensions && dimensions != _embedder.Dimensions)
        {
            throw new ArgumentException(
                string.Format(
                    CultureInfo.InvariantCulture,
                    "Expected {0} dimensions, the only number that {1} has, got {2}: leave options.Dimensions out.",
                    _embedder.Dimensions,
                    Facts.PackageId,
                    dimensions),
                nameof(options));
        }

        if (options?.ModelId is string id && !string.Equals(id, Facts.PackageId, StringComparison.OrdinalIgnoreCase))
        {
            throw new ArgumentException(
                "Expected the model " + Facts.PackageId + ", the only one here, got " + id + ": leave options.ModelId out.", nameof(options));
        }
    }

    private List<long[]> Tokenize(IEnumerable<string> values, CancellationToken cancellationToken, out long count)
    {
        var texts = new List<long[]>();
        count = 0;
        foreach (string value in values)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long[] tokens = _embedder.Tokenize(value, nameof(values) + "[" + texts.Count.ToString(CultureInfo.InvariantCulture) + "]");
            count += tokens.Length;
            texts.Add(tokens);
        }

        return texts;
    }
}
