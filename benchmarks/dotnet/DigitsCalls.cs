using BenchmarkDotNet.Attributes;

namespace Torch2DotNet.Benchmarks;

/// <summary>One row by each method of the client, for a small convolutional network with two outputs.</summary>
[MemoryDiagnoser]
public class DigitsCalls
{
    private readonly float[] _row = [.. Enumerable.Range(0, Digits.PixelsLength).Select(cell => (float)(cell % 17))];
    private readonly float[] _answer = new float[10];
    private float[][] _rows16 = [];
    private float[][] _rows64 = [];
    private float[] _values64 = [];
    private Named _named = null!;
    private Digits _model = null!;
    private Digits _callers = null!;
    private DigitsBuffers _buffers = null!;

    [GlobalSetup]
    public void Load()
    {
        _rows16 = [.. Enumerable.Repeat(_row, 16)];
        _rows64 = [.. Enumerable.Repeat(_row, 64)];
        _values64 = [.. _rows64.SelectMany(row => row)];
        _named = new Named(Digits.ModelFile, "pixels", 1, 8, 8);
        _model = Digits.Load(new DigitsOptions { IntraOpNumThreads = 1, MaxBatchSize = 64 });
        _callers = Digits.Load(new DigitsOptions { IntraOpNumThreads = 1, RunOnCallingThread = true });
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
    public (long Label, float[] Probabilities) NamedOnnxValue() =>
        _named.Run(_row, results => (results[0].AsTensor<long>().GetValue(0), results[1].AsTensor<float>().ToArray()));

    [Benchmark]
    public float[] Row() => _model.Run(_row).Probabilities;

    [Benchmark]
    public long Buffers()
    {
        _row.CopyTo(_buffers.Pixels);
        _buffers.Run();
        _buffers.Probabilities.CopyTo(_answer);
        return _buffers.Label[0];
    }

    [Benchmark(OperationsPerInvoke = 16)]
    public object Batch16() => _model.Run(_rows16);

    [Benchmark(OperationsPerInvoke = 64)]
    public object Batch64() => _model.Run(_rows64);

    [Benchmark(OperationsPerInvoke = 64)]
    public object Values64() => _model.Run(_values64, 64);

    [Benchmark]
    public async Task<float[]> Async() => (await _model.RunAsync(_row)).Probabilities;

    [Benchmark]
    public async Task<float[]> AsyncOnCaller() => (await _callers.RunAsync(_row)).Probabilities;
}
