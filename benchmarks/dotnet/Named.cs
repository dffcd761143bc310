using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Torch2DotNet.Benchmarks;

/// <summary>The baseline: the usual code to call onnxruntime, with the same settings as the client.</summary>
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

    public InferenceSession Session => _session;

    /// <summary>Runs the model on one row; <paramref name="read"/> copies the values that the caller needs before the results are disposed.</summary>
    public TAnswer Run<TAnswer>(float[] row, Func<IReadOnlyList<DisposableNamedOnnxValue>, TAnswer> read)
    {
        NamedOnnxValue[] inputs = [NamedOnnxValue.CreateFromTensor(_input, new DenseTensor<float>(row, _shape))];
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = _session.Run(inputs);
        return read(results);
    }

    public void Dispose() => _session.Dispose();
}
