#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Linq;

/// <summary>What of a contract decides how requests are read and answered: the generated <see cref="WebContract"/>, or another in a test.</summary>
internal sealed class ModelContract
{
    /// <summary>The contract of the model.</summary>
    internal static ModelContract OfTheModel { get; } = new()
    {
        Inputs = WebContract.Inputs,
        Outputs = WebContract.Outputs,
        Axes = WebContract.Axes,
        InputAxes = WebContract.InputAxes,
        IsBatched = WebContract.IsBatched,
        TakesText = WebContract.TakesText,
    };

    internal required TensorDescription[] Inputs { get; init; }

    internal required TensorDescription[] Outputs { get; init; }

    /// <summary>Names of the axes of any size but the batch, those of the inputs first.</summary>
    internal string[] Axes { get; init; } = [];

    /// <summary>How many of the axes the inputs have.</summary>
    internal int InputAxes { get; init; }

    internal bool IsBatched { get; init; } = true;

    /// <summary>Whether a text is enough for a row.</summary>
    internal bool TakesText { get; init; }

    /// <summary>The axes of the outputs.</summary>
    internal int[] OutputAxes => [.. Outputs.SelectMany(output => output.Axes).Distinct()];

    /// <summary>The shape of a row: <c>[time, 3]</c>.</summary>
    internal string Shape(TensorDescription tensor)
    {
        return "[" + string.Join(", ", tensor.Shape.Select(SizeName)) + "]";
    }

    /// <summary>A size of a shape: the number, or the name of its axis.</summary>
    internal string SizeName(int size)
    {
        return size < 0 ? Axes[~size] : Number.Text(size);
    }

    /// <summary>Start of the parenthesis that follows an expected number of values.</summary>
    internal string ShapeClause(TensorDescription tensor)
    {
        return (IsBatched ? " (one row" : " (the whole input") + (tensor.IsScalar ? string.Empty : ", row-major of shape " + Shape(tensor));
    }

    /// <summary>Start of the sentence about a row without the values of an input, or with too few or too many.</summary>
    internal string ExpectedLength(TensorDescription tensor)
    {
        string count = tensor.Axes.Length > 0 ? "values" : Number.Text(tensor.FixedLength) + (tensor.FixedLength == 1 ? " value" : " values");
        return tensor.Name + ": expected " + count + ShapeClause(tensor) + ")";
    }

    /// <summary>How an answer calls the size of an axis that the lengths of the outputs do not tell.</summary>
    internal string OutputSizeName(int axis)
    {
        string name = Axes[axis];
        while (Array.Exists(Outputs, output => string.Equals(output.Name, name, StringComparison.Ordinal)))
        {
            name += "Size";
        }

        return name;
    }

    /// <summary>Places of the axes, each once, that follow from no number of values: with those of all others given.</summary>
    /// <param name="tensors">The inputs, or the outputs.</param>
    /// <param name="known">Whether the size of an axis is known anyway.</param>
    internal int[] AxesToTell(TensorDescription[] tensors, Func<int, bool> known)
    {
        bool[] isKnown = [.. Enumerable.Range(0, Axes.Length).Select(known)];
        var told = new List<int>();
        while (tensors.Any(tensor => tensor.Axes.Any(axis => !isKnown[axis])))
        {
            TensorDescription? inferable = Array.Find(tensors, tensor => tensor.Shape.Count(size => size < 0 && !isKnown[~size]) == 1);
            int[] axes = (inferable ?? tensors.First(tensor => tensor.Axes.Any(axis => !isKnown[axis]))).Axes;
            foreach (int axis in axes.Where(axis => !isKnown[axis]))
            {
                isKnown[axis] = true;
                if (inferable is null)
                {
                    told.Add(axis);
                }
            }
        }

        return [.. told];
    }
}
