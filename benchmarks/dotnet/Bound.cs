using Microsoft.ML.OnnxRuntime;

namespace Torch2DotNet.Benchmarks;

/// <summary>The fast way by hand: inputs and outputs that are bound to a session once (OrtIoBinding) and run again and again.</summary>
internal sealed class Bound(InferenceSession session) : IDisposable
{
    private readonly List<OrtValue> _tensors = [];

    public RunOptions Options { get; } = new();

    public OrtIoBinding Binding { get; } = session.CreateIoBinding();

    /// <summary>The memory of an input.</summary>
    public float[] Input(string name, params long[] shape)
    {
        float[] values = Pin<float>(shape);
        Binding.BindInput(name, _tensors[^1]);
        return values;
    }

    /// <summary>The memory of an output.</summary>
    public T[] Output<T>(string name, params long[] shape)
        where T : unmanaged
    {
        T[] values = Pin<T>(shape);
        Binding.BindOutput(name, _tensors[^1]);
        return values;
    }

    public void Run() => session.RunWithBinding(Options, Binding);

    public void Dispose()
    {
        Binding.Dispose();
        _tensors.ForEach(tensor => tensor.Dispose());
        Options.Dispose();
    }

    private T[] Pin<T>(long[] shape)
        where T : unmanaged
    {
        var values = new T[shape.Aggregate(1L, (product, size) => product * size)];
        _tensors.Add(OrtValue.CreateTensorValueFromMemory(values, shape));
        return values;
    }
}
