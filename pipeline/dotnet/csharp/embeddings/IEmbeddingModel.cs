#nullable enable

namespace TheNamespace.TheModelEngine;

using System.Threading;
using System.Threading.Tasks;

/// <summary>A model that turns a text into one vector; the generated client of such a model is one.</summary>
internal interface IEmbeddingModel
{
    /// <summary>Number of values of a vector.</summary>
    int Dimensions { get; }

    /// <summary>Maximum number of texts that may wait for a run at once.</summary>
    int MaxPending { get; }

    /// <summary>Token ids of a text, as the model takes them.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parameter">How messages call the caller's argument.</param>
    /// <exception cref="System.ArgumentException">The text is null, or has an unpaired surrogate.</exception>
    long[] Tokenize(string text, string parameter);

    /// <summary>The vector of a text, which runs with the texts of concurrent callers.</summary>
    /// <param name="tokens">The text's token ids.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<float[]> EmbedAsync(long[] tokens, CancellationToken cancellationToken);
}
