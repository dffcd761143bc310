namespace Torch2DotNet.Benchmarks;

/// <summary>Ways to call a Linear(10, 5): almost no arithmetic, so that the call itself is measured.</summary>
internal sealed class LinearCalls : IDisposable
{
    private const int Rows = 64;

    private readonly float[] _row = [0.1f, -0.2f, 0.3f, -0.4f, 0.5f, -0.6f, 0.7f, -0.8f, 0.9f, -1f];
    private readonly float[][] _rows;
    private readonly float[] _values;
    private readonly float[] _answer = new float[5];
    private readonly float[] _answers = new float[5 * Rows];
    private readonly Named _named = new(Linear.ModelFile, "input", 1, 10);
    private readonly Bound _bound;
    private readonly Linear _model = Linear.Load(new LinearOptions { IntraOpNumThreads = 1, MaxBatchSize = Rows });
    private readonly Linear _callers = Linear.Load(new LinearOptions { IntraOpNumThreads = 1, RunOnCallingThread = true });
    private readonly Pointer _pointer;
    private readonly Pointer _pointer64;
    private readonly LinearBuffers _buffers;
    private readonly LinearBuffers _buffers64;

    public LinearCalls()
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
        float[] boundInput = _bound.Input("input", 1, 10);
        float[] boundOutput = _bound.Output<float>("output", 1, 5);
        float[] input = _pointer.Memory.Input("input", 1, 10);
        float[] output = _pointer.Memory.Output<float>("output", 1, 5);
        float[] input64 = _pointer64.Memory.Input("input", Rows, 10);
        float[] output64 = _pointer64.Memory.Output<float>("output", Rows, 5);
        return
        [
            new("NamedOnnxValue", 1, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    _named.Run(_row, results => results[0].AsTensor<float>().ToArray());
                }
            }),
            new("IoBinding", 1, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    _row.CopyTo(boundInput, 0);
                    _bound.Run();
                    boundOutput.CopyTo(_answer, 0);
                }
            }),
            new("Pointer", 1, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    _row.CopyTo(input, 0);
                    _pointer.Run();
                    output.CopyTo(_answer, 0);
                }
            }),
            new("Buffers", 1, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    _row.CopyTo(_buffers.Input);
                    _buffers.Run();
                    _buffers.Output.CopyTo(_answer);
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
                }
            }),
            new("Buffers64", Rows, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    _values.CopyTo(_buffers64.Input);
                    _buffers64.Run();
                    _buffers64.Output.CopyTo(_answers);
                }
            }),
            new("Pointer64Rows", Rows, calls =>
            {
                for (int i = 0; i < calls; i++)
                {
                    for (int row = 0; row < Rows; row++)
                    {
                        _rows[row].CopyTo(input64, row * 10);
                    }

                    _pointer64.Run();
                    Answer(output64);
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
    private static LinearOutput[] Answer(float[] output)
    {
        var answers = new LinearOutput[Rows];
        for (int row = 0; row < Rows; row++)
        {
            answers[row] = new LinearOutput(output.AsSpan(row * 5, 5).ToArray());
        }

        return answers;
    }

    private async Task RunAsync(Linear model, int calls)
    {
        for (int i = 0; i < calls; i++)
        {
            await model.RunAsync(_row).ConfigureAwait(false);
        }
    }
}
