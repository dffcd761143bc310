#nullable enable

namespace TheNamespace.TheModelEngine;

using System;

/// <summary>
/// The rows of a request, and the outputs for them: those of the one run in which all rows were, read from its memory until
/// <see cref="End"/>, or gathered from several. Kept from request to request; for one at a time.
/// </summary>
internal sealed class ModelCall : IDisposable
{
    private readonly ModelContract _contract;
    private readonly int[] _sizes;
    private AnswerRows _gathered;
    private AnswerRows? _ordered;
    private TheModel? _model;
    private ITensorRun? _run;

    internal ModelCall()
        : this(ModelContract.OfTheModel)
    {
    }

    internal ModelCall(ModelContract contract)
    {
        _contract = contract;
        _sizes = new int[contract.Axes.Length];
        _gathered = new AnswerRows(contract);
        Request = new RequestRows(contract);
    }

    /// <summary>To be filled before the call.</summary>
    internal RequestRows Request { get; }

    /// <summary>Room for the text of numbers, for a writer of answers.</summary>
    internal Column<byte> NumberText { get; } = new();

    /// <summary>The answer as it is sent.</summary>
    internal AnswerBody Body { get; } = new();

    /// <summary>Number of rows that were answered.</summary>
    internal int AnswerCount { get; private set; }

    /// <summary>Whether the rows of the answer have equal sizes, so that they are whole tensors: see <see cref="Output(int)"/>.</summary>
    internal bool IsUniform => _run is not null || _gathered.IsUniform;

    /// <summary>Sizes of the contract's axes in a row of the answer.</summary>
    internal ReadOnlySpan<int> Sizes(int row)
    {
        return _run is null ? _gathered.Sizes(row) : _sizes;
    }

    /// <summary>An output of one row, as bytes; not for texts.</summary>
    internal ReadOnlySpan<byte> Output(int place, int row)
    {
        if (_run is null)
        {
            return _gathered.Bytes(place, row);
        }

        TensorDescription output = _contract.Outputs[place];
        int length = output.Length(_sizes) * output.ElementSize;
        return _run.Output(place).Slice(row * length, length);
    }

    /// <summary>An output of all rows, as bytes; not for texts. Only where the answer is uniform.</summary>
    internal ReadOnlySpan<byte> Output(int place)
    {
        if (_run is not null)
        {
            return _run.Output(place);
        }

        Column column = _gathered.Columns[place];
        return column.Bytes(0, column.Count);
    }

    /// <summary>A text of an output.</summary>
    /// <param name="place">Of the output.</param>
    /// <param name="row">The row.</param>
    /// <param name="index">Of the value in the row.</param>
    internal string Text(int place, int row, int index)
    {
        return _run is null
            ? _gathered.Texts(place).Text(_gathered.Start(place, row) + index)
            : _run.Text(place, (row * _contract.Outputs[place].Length(_sizes)) + index);
    }

    /// <summary>Takes a run, which has ended successfully, for the whole answer.</summary>
    internal void Answer(TheModel model, ITensorRun run, int rows, ReadOnlySpan<int> inputSizes)
    {
        _model = model;
        _run = run;
        ReadSizes(run, rows, inputSizes);
        AnswerCount = rows;
    }

    /// <summary>Copies the outputs of a run, behind those of others.</summary>
    internal void Gather(ITensorRun run, int rows, ReadOnlySpan<int> inputSizes)
    {
        ReadSizes(run, rows, inputSizes);
        for (int row = 0; row < rows; row++)
        {
            for (int place = 0; place < _contract.Outputs.Length; place++)
            {
                Gather(run, place, row);
            }

            _gathered.EndRow(_sizes);
        }

        EndGathering();
    }

    /// <summary>Copies a row of outputs behind others.</summary>
    internal void Gather(TheModelOutput output)
    {
        WebRows.Append(output, _gathered);
        EndGathering();
    }

    /// <summary>Puts gathered rows into the order of the request.</summary>
    /// <param name="order">The numbers in the request of the rows as they were gathered.</param>
    internal void Order(ReadOnlySpan<int> order)
    {
        var places = new int[order.Length];
        for (int place = 0; place < order.Length; place++)
        {
            places[order[place]] = place;
        }

        AnswerRows ordered = _ordered ?? new AnswerRows(_contract);
        foreach (int place in places)
        {
            ordered.AddRow(_gathered, place);
        }

        _gathered.Clear();
        (_gathered, _ordered) = (ordered, _gathered);
    }

    /// <summary>Gives back what the call has taken, and forgets its rows.</summary>
    internal void End()
    {
        if (_run is not null)
        {
            _model!.EndRun(_run);
            _run = null;
            _model = null;
        }

        Request.Clear();
        _gathered.Clear();
        Body.Clear();
        AnswerCount = 0;
    }

    public void Dispose()
    {
        End();
        Body.Dispose();
    }

    private void Gather(ITensorRun run, int place, int row)
    {
        TensorDescription output = _contract.Outputs[place];
        int length = output.Length(_sizes);
        if (!output.IsText)
        {
            int size = length * output.ElementSize;
            _gathered.Columns[place].AddBytes(run.Output(place).Slice(row * size, size));
            return;
        }

        for (int i = 0; i < length; i++)
        {
            _gathered.Texts(place).Add(run.Text(place, (row * length) + i));
        }
    }

    private void EndGathering()
    {
        AnswerCount = _gathered.Count;
    }

    /// <summary>Sizes of the axes in the outputs: those of the inputs, and those that only the outputs' shapes tell.</summary>
    private void ReadSizes(ITensorRun run, int rows, ReadOnlySpan<int> inputSizes)
    {
        inputSizes.CopyTo(_sizes);
        _sizes.AsSpan(inputSizes.Length).Fill(-1);
        if (run is not UnboundRun && _contract.Axes.Length == 0)
        {
            return;
        }

        int first = _contract.IsBatched ? 1 : 0;
        for (int place = 0; place < _contract.Outputs.Length; place++)
        {
            TensorDescription output = _contract.Outputs[place];
            var expected = new long[output.Shape.Length + first];
            if (_contract.IsBatched)
            {
                expected[0] = rows;
            }

            for (int i = 0; i < output.Shape.Length; i++)
            {
                int size = output.Shape[i];
                expected[first + i] = size < 0 ? _sizes[~size] : size;
            }

            long[] shape = run.Shape(place, output.Name, expected);
            for (int i = 0; i < output.Shape.Length; i++)
            {
                if (output.Shape[i] < 0)
                {
                    _sizes[~output.Shape[i]] = (int)shape[first + i];
                }
            }
        }
    }
}
