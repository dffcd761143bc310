namespace Torch2DotNet.Benchmarks;

/// <summary>Ways to call a small convolutional network with two outputs.</summary>
internal sealed class DigitsCalls : IDisposable
{
    private const int Rows = 64;

    private readonly float[] _row = [.. Enumerable.Range(0, Digits.PixelsLength).Select(cell => (float)(cell % 17))];
    private readonly float[][] _rows;
    private readonly float[] _values;
    private readonly float[] _answer = new float[10];
    private readonly long[] _label = new long[1];
    private readonly long[] _labels = new long[Rows];
    private readonly float[] _answers = new float[10 * Rows];
    private readonly Named _named = new(Digits.ModelFile, "pixels", 1, 8, 8);
    private readonly Bound _bound;
    private readonly Digits _model = Digits.Load(new DigitsOptions { IntraOpNumThreads = 1, MaxBatchSize = Rows });
    private readonly Digits _callers = Digits.Load(new DigitsOptions { IntraOpNumThreads = 1, RunOnCallingThread = true });
    private readonly Pointer _pointer;
    private readonly Pointer _pointer64;
    private readonly DigitsBuffers _buffers;
    private readonly DigitsBuffers _buffers64;

    public DigitsCalls()
    {
        _rows = [.. Enumerable.Repeat(_row, Rows)];
        _values = [.. _rows.SelectMany(row => row)];
        _bound = new Bound(_named.Session);
        _pointer = new Pointer(_model);
        _pointer64 = new Pointer(_model);
        _buffers = _model.CreateBuffers();
        _buffers64 = _model.CreateBuffers(Rows);
    }

    public List<Method> Methods()
    {
        float[] boundInput = _bound.Input("pixels", 1, 8, 8);
        float[] boundOutput = _bound.Output<float>("probabilities", 1, 10);
        long[] boundLabel = _bound.Output<long>("label", 1);
        float[] input = _pointer.Memory.Input("pixels", 1, 8, 8);
        float[] output = _pointer.Memory.Output<float>("probabilities", 1, 10);
        long[] label = _pointer.Memory.Output<long>("label", 1);
        float[] input64 = _pointer64.Memory.Input("pixels", Rows, 8, 8);
        float[] output64 = _pointer64.Memory.Output<float>("probabilities", Rows, 10);
        long[] label64 = _pointer64.Memory.Output<long>("label", Rows);
        return
        [
            new("NamedOnnxValue", 1, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    _named.Run(_row, results => (results[0].AsTensor<long>().GetValue(0), results[1].AsTensor<float>().ToArray()));
                }
            }),
            new("IoBinding", 1, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    _row.CopyTo(boundInput, 0);
                    _bound.Run();
                    boundOutput.CopyTo(_answer, 0);
                    boundLabel.CopyTo(_label, 0);
                }
            }),
            new("Pointer", 1, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    _row.CopyTo(input, 0);
                    _pointer.Run();
                    output.CopyTo(_answer, 0);
                    label.CopyTo(_label, 0);
                }
            }),
            new("Buffers", 1, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    _row.CopyTo(_buffers.Pixels);
                    _buffers.Run();
                    _buffers.Probabilities.CopyTo(_answer);
                    _buffers.Label.CopyTo(_label);
                }
            }),
            new("Row", 1, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    _model.Run(_row);
                }
            }),
            new("Async", 1, calls => RunAsync(_model, calls).GetAwaiter().GetResult()),
            new("AsyncOnCaller", 1, calls => RunAsync(_callers, calls).GetAwaiter().GetResult()),
            new("Pointer64", Rows, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    _values.CopyTo(input64, 0);
                    _pointer64.Run();
                    output64.CopyTo(_answers, 0);
                    label64.CopyTo(_labels, 0);
                }
            }),
            new("Buffers64", Rows, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    _values.CopyTo(_buffers64.Pixels);
                    _buffers64.Run();
                    _buffers64.Probabilities.CopyTo(_answers);
                    _buffers64.Label.CopyTo(_labels);
                }
            }),
            new("Pointer64Rows", Rows, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    for (int row = 0; row < Rows; row++)
                    {
                        _rows[row].CopyTo(input64, row * Digits.PixelsLength);
                    }

                    _pointer64.Run();
                    Answer(label64, output64);
                }
            }),
            new("Batch64", Rows, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    _model.Run(_rows);
                }
            }),
            new("Values64", Rows, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    _model.Run(_values, Rows);
                }
            }),
            .. Telemetry.Methods(_buffers),
        ];
    }

    public void Dispose()
    {
        _buffers64.Dispose();
        _buffers.Dispose();
        _pointer64.Dispose();
        _pointer.Dispose();
        _callers.Dispose();
        _model.Dispose();
        _bound.Dispose();
        _named.Dispose();
    }

    /// <summary>What Run(rows) answers: an object for each row.</summary>
    private static DigitsOutput[] Answer(long[] label, float[] output)
    {
        var answers = new DigitsOutput[Rows];
        for (int row = 0; row < Rows; row++)
        {
            answers[row] = new DigitsOutput(label[row], output.AsSpan(row * 10, 10).ToArray());
        }

        return answers;
    }

    private async Task RunAsync(Digits model, int calls)
    {
        for (int i = 0; i < calls; i++)
        {
            await model.RunAsync(_row).ConfigureAwait(false);
        }
    }
}
