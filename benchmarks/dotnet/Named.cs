using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Torch2DotNet.Benchmarks;

/// <summary>What is measured against: the usual way to call onnxruntime, with the same settings as the client.</summary>
internal sealed class Named : IDisposable
{
    private readonly InferenceSession _session;
    private readonly string _input;
    private readonly int[] _shape;

    public Named(string modelFile, string input, params int[] shape)
    {
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        _session = new InferenceSession(Path.Combine(AppContext.BaseDirectory, modelFile), options);
        _input = input;
        _shape = shape;
    }

    /// <summary>One run; <paramref name="read"/> takes what the caller needs, for nothing outlives the results.</summary>
    public TAnswer Run<TAnswer>(float[] row, Func<IReadOnlyList<DisposableNamedOnnxValue>, TAnswer> read)
    {
        NamedOnnxValue[] inputs = [NamedOnnxValue.CreateFromTensor(_input, new DenseTensor<float>(row, _shape))];
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = _session.Run(inputs);
        return read(results);
    }

    public void Dispose() => _session.Dispose();
}
