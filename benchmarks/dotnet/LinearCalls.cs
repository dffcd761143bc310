using BenchmarkDotNet.Attributes;

namespace Torch2DotNet.Benchmarks;

/// <summary>One row by each method of the client, for a Linear(10, 5): almost no arithmetic, so that the call itself is measured.</summary>
[MemoryDiagnoser]
public class LinearCalls
{
    private readonly float[] _row = [0.1f, -0.2f, 0.3f, -0.4f, 0.5f, -0.6f, 0.7f, -0.8f, 0.9f, -1f];
    private readonly float[] _answer = new float[5];
    private float[][] _rows16 = [];
    private float[][] _rows64 = [];
    private float[] _values64 = [];
    private Named _named = null!;
    private Linear _model = null!;
    private Linear _callers = null!;
    private LinearBuffers _buffers = null!;

    [GlobalSetup]
    public void Load()
    {
        _rows16 = [.. Enumerable.Repeat(_row, 16)];
        _rows64 = [.. Enumerable.Repeat(_row, 64)];
        _values64 = [.. _rows64.SelectMany(row => row)];
        _named = new Named(Linear.ModelFile, "input", 1, 10);
        _model = Linear.Load(new LinearOptions { IntraOpNumThreads = 1, MaxBatchSize = 64 });
        _callers = Linear.Load(new LinearOptions { IntraOpNumThreads = 1, RunOnCallingThread = true });
        _buffers = _model.CreateBuffers();
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _buffers.Dispose();
        _callers.Dispose();
        _model.Dispose();
        _named.Dispose();
    }

    [Benchmark(Baseline = true)]
    public float[] NamedOnnxValue() => _named.Run(_row, results => results[0].AsTensor<float>().ToArray());

    [Benchmark]
    public float[] Row() => _model.Run(_row).Output;

    [Benchmark]
    public float Buffers()
    {
        _row.CopyTo(_buffers.Input);
        _buffers.Run();
        _buffers.Output.CopyTo(_answer);
        return _answer[0];
    }

    [Benchmark(OperationsPerInvoke = 16)]
    public object Batch16() => _model.Run(_rows16);

    [Benchmark(OperationsPerInvoke = 64)]
    public object Batch64() => _model.Run(_rows64);

    [Benchmark(OperationsPerInvoke = 64)]
    public object Values64() => _model.Run(_values64, 64);

    [Benchmark]
    public async Task<float[]> Async() => (await _model.RunAsync(_row)).Output;

    [Benchmark]
    public async Task<float[]> AsyncOnCaller() => (await _callers.RunAsync(_row)).Output;
}
