namespace TheNamespace.Tests;

using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

/// <summary>What a program puts in the model's place: the first value of a row says what it does.</summary>
internal sealed class FakeModel : ITheModel
{
    public const float QueueFull = 1;
    public const float Failed = 2;
    public const float Disposed = 3;
    public const float NotTheModels = 4;
    public const float Refused = 5;
    public const float Waits = 6;
    public const float WaitsLimited = 7;
    public const float WaitsStopping = 8;

    private static int created;

    public static int Created => Volatile.Read(ref created);

    /// <summary>Is released when a row that waits has come.</summary>
    public static SemaphoreSlim Begun { get; } = new(0);

    /// <summary>Is released when the caller of a row that waits has gone.</summary>
    public static SemaphoreSlim Cancelled { get; } = new(0);

    /// <summary>Is released by a test for a row that waits.</summary>
    public static SemaphoreSlim Open { get; } = new(0);

    public static SemaphoreSlim BegunLimited { get; } = new(0);

    public static SemaphoreSlim OpenLimited { get; } = new(0);

    public static SemaphoreSlim BegunStopping { get; } = new(0);

    public static SemaphoreSlim OpenStopping { get; } = new(0);

    public FakeModel()
    {
        Interlocked.Increment(ref created);
    }

    public TheModelOutput Run(float[] features)
    {
        throw new NotSupportedException();
    }

    public TheModelOutput[] Run(IReadOnlyList<float[]> rows)
    {
        throw new NotSupportedException();
    }

    public TheModelOutput[] Run(ReadOnlyMemory<float> features, int count)
    {
        throw new NotSupportedException();
    }

    public async Task<TheModelOutput> RunAsync(float[] features, CancellationToken cancellationToken = default)
    {
        switch (features[0])
        {
            case QueueFull:
                throw new TheModelQueueFullException("Expected at most 8 rows in the queue, got one more.");
            case Failed:
                throw new TheModelException("onnxruntime could not run the model: /secret/path");
            case Disposed:
                throw new ObjectDisposedException(nameof(TheModel));
            case NotTheModels:
                throw new InvalidOperationException("The program's own.");
            case Refused:
                var error = new ArgumentException("features: expected less, got 5 at index 2.", "rows[3]");
                error.Data["Torch2DotNet.TheModel"] = "input";
                error.Data["row"] = 3;
                error.Data["field"] = "features";
                error.Data["index"] = 2;
                throw error;
            case Waits:
                using (cancellationToken.UnsafeRegister(_ => Cancelled.Release(), null))
                {
                    Begun.Release();
                    await Open.WaitAsync(cancellationToken);
                }

                break;
            case WaitsLimited:
                BegunLimited.Release();
                await OpenLimited.WaitAsync(cancellationToken);
                break;
            case WaitsStopping:
                BegunStopping.Release();
                await OpenStopping.WaitAsync(cancellationToken);
                break;
        }

        return new TheModelOutput(2, [0f, 0f, 1f]);
    }

    public IAsyncEnumerable<TheModelOutput> RunAsync(IAsyncEnumerable<float[]> rows, CancellationToken cancellationToken = default)
    {
        throw new NotSupportedException();
    }

    public TheModelDiagnostics Diagnostics => throw new NotSupportedException();

    public TheModelSelfTestResult SelfTest(CancellationToken cancellationToken = default)
    {
        throw new NotSupportedException();
    }

    public void Dispose()
    {
    }

    public ValueTask DisposeAsync()
    {
        return default;
    }
}
