namespace TheNamespace.Tests;

using System;
using System.Buffers;
using System.Text;
using TheNamespace.TheModelEngine;

/// <summary>Contracts and requests made by hand.</summary>
internal static class Contracts
{
    private static readonly string[] Axes = ["height", "width"];

    /// <summary>An input or output; a size below 0 is the complement of an axis' place.</summary>
    internal static TensorDescription Tensor(
        string name,
        ElementType type,
        int[] shape,
        double? minimum = null,
        double? maximum = null,
        bool allowsMissing = false,
        string[]? labels = null)
    {
        return new TensorDescription
        {
            Name = name,
            Type = type,
            Shape = shape,
            Minimum = minimum,
            Maximum = maximum,
            AllowsMissing = allowsMissing,
            Labels = labels ?? [],
            Unit = string.Empty,
            Description = string.Empty,
        };
    }

    /// <summary>A contract with these inputs.</summary>
    internal static ModelContract Of(params TensorDescription[] inputs)
    {
        return new ModelContract { Inputs = inputs, Outputs = [Tensor("y", ElementType.Float32, [])], Axes = Axes, InputAxes = CountAxes(inputs) };
    }

    internal static ModelContract OfText()
    {
        return new ModelContract
        {
            Inputs = [Tensor("input_ids", ElementType.Int64, [~0]), Tensor("attention_mask", ElementType.Int64, [~0])],
            Outputs = [Tensor("y", ElementType.Float32, [])],
            Axes = ["tokens"],
            InputAxes = 1,
            TakesText = true,
        };
    }

    internal static ModelContract OfOutputs(params TensorDescription[] outputs)
    {
        return new ModelContract { Inputs = [Tensor("x", ElementType.Float32, [])], Outputs = outputs, Axes = Axes };
    }

    internal static RequestRows Read(ModelContract contract, string json, int maxRows = int.MaxValue)
    {
        return Read(contract, new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(json)), maxRows);
    }

    internal static RequestRows Read(ModelContract contract, ReadOnlySequence<byte> body, int maxRows = int.MaxValue)
    {
        var rows = new RequestRows(contract);
        new RowsReader(contract, new RowCheck(contract)).ReadBody(body, rows, maxRows);
        return rows;
    }

    private static int CountAxes(TensorDescription[] inputs)
    {
        int count = 0;
        foreach (TensorDescription input in inputs)
        {
            foreach (int axis in input.Axes)
            {
                count = Math.Max(count, axis + 1);
            }
        }

        return count;
    }
}
