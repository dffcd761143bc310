#nullable enable

namespace TheNamespace.TheModelEngine;

using System;

/// <summary>Rows of outputs that were gathered from several runs, or from what a program has put in the model's place.</summary>
internal sealed class AnswerRows : RowColumns
{
    private readonly int[] _outputAxes;

    internal AnswerRows(ModelContract contract)
        : base(contract.Outputs, contract.Axes.Length)
    {
        _outputAxes = contract.OutputAxes;
    }

    /// <summary>Whether the outputs of all rows have equal shapes.</summary>
    internal bool IsUniform
    {
        get
        {
            for (int row = 1; row < Count; row++)
            {
                foreach (int axis in _outputAxes)
                {
                    if (Size(axis, row) != Size(axis, 0))
                    {
                        return false;
                    }
                }
            }

            return true;
        }
    }

    /// <summary>Appends a row of others.</summary>
    internal void AddRow(AnswerRows others, int row)
    {
        for (int place = 0; place < Tensors.Length; place++)
        {
            if (!Tensors[place].IsText)
            {
                Columns[place].AddBytes(others.Bytes(place, row));
                continue;
            }

            int start = others.Start(place, row);
            for (int i = 0; i < others.Length(place, row); i++)
            {
                Texts(place).Add(others.Texts(place).Utf8(start + i));
            }
        }

        EndRow(others.Sizes(row));
    }

    /// <exception cref="TheModelException">An output has more or fewer values than its sizes say: they are not the model's own.</exception>
    internal void EndRow(ReadOnlySpan<int> sizes)
    {
        for (int place = 0; place < Tensors.Length; place++)
        {
            int start = Count == 0 ? 0 : Start(place, Count - 1) + Length(place, Count - 1);
            int expected = Tensors[place].Length(sizes);
            if (Columns[place].Count - start != expected)
            {
                throw new TheModelException(
                    Tensors[place].Name + ": expected " + Number.Text(expected) + " values a row, got " + Number.Text(Columns[place].Count - start)
                    + " from what was put in the model's place.");
            }
        }

        Append(sizes);
    }
}
