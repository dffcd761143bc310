namespace TheNamespace.Tests;

using System;
using System.Threading;
using System.Threading.Tasks;
using TheNamespace.TheModelEngine;

/// <summary>A text's characters are its tokens, and its vector their number and the first of them; a text's run ends when the test says so.</summary>
internal sealed class FakeEmbedder : IEmbeddingModel, IDisposable
{
    private int _pending;

    public int Dimensions => 2;

    public int MaxPending { get; init; } = 100;

    public Task Gate { get; init; } = Task.CompletedTask;

    public int Calls { get; private set; }

    public int MostPending { get; private set; }

    public bool IsDisposed { get; private set; }

    public long[] Tokenize(string text, string parameter)
    {
        TextCheck.Check(text, "text", string.Empty, parameter);
        return [.. System.Linq.Enumerable.Select(text, unit => (long)unit)];
    }

    public async Task<float[]> EmbedAsync(long[] tokens, CancellationToken cancellationToken)
    {
        Calls++;
        MostPending = Math.Max(MostPending, ++_pending);
        if (tokens is ['!', ..])
        {
            throw new TheModelException("onnxruntime failed.");
        }

        await Task.Yield();
        await Gate.WaitAsync(cancellationToken);
        Interlocked.Decrement(ref _pending);
        return [tokens.Length, tokens[0]];
    }

    public void Dispose()
    {
        IsDisposed = true;
    }
}
