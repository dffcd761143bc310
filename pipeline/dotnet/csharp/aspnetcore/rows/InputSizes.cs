#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Text;

/// <summary>
/// The sizes of the inputs' axes in a row, which follow from the numbers of values, from the arrays' nesting or from the shapes of whole
/// tensors; and the refusal of what does not go together. Sizes stand by the places of their axes in <see cref="ModelContract.Axes"/>; one
/// that is not known yet is -1.
/// </summary>
internal sealed class InputSizes
{
    private readonly ModelContract _contract;

    internal InputSizes(ModelContract contract)
    {
        _contract = contract;
        Told = contract.AxesToTell(contract.Inputs, axis => axis >= contract.InputAxes);
    }

    /// <summary>The axes whose sizes do not follow from numbers of values.</summary>
    internal int[] Told { get; }

    /// <summary>Completes the sizes of a row, and checks the numbers of its values.</summary>
    /// <param name="counts">Number of values of each input.</param>
    /// <param name="sizes">Those that are known, to be completed.</param>
    /// <param name="row">The row in the request's list; -1 where there is no list.</param>
    /// <exception cref="ArgumentException">An input has the wrong number of values, or a size cannot be told.</exception>
    internal void Complete(ReadOnlySpan<int> counts, Span<int> sizes, int row)
    {
        while (sizes.Contains(-1))
        {
            int place = FindInferable(sizes);
            if (place < 0)
            {
                throw NotTold(sizes, row);
            }

            Infer(place, counts[place], sizes, row);
        }

        for (int place = 0; place < counts.Length; place++)
        {
            TensorDescription input = _contract.Inputs[place];
            if (counts[place] != Product(input, sizes))
            {
                throw WrongCount(input, counts[place], sizes, row);
            }
        }
    }

    /// <summary>Takes sizes from the shape of a whole tensor, the batch first.</summary>
    /// <param name="place">Of the input.</param>
    /// <param name="shape">The tensor's.</param>
    /// <param name="rows">Number of rows, known from another input; -1 where it is not known.</param>
    /// <param name="sizes">Those that are known, to be completed.</param>
    /// <returns>The number of rows; 1 for a contract without a batch.</returns>
    /// <exception cref="ArgumentException">It is not the input's shape, or not that of the other inputs.</exception>
    internal int Match(int place, ReadOnlySpan<long> shape, int rows, Span<int> sizes)
    {
        TensorDescription input = _contract.Inputs[place];
        int first = _contract.IsBatched ? 1 : 0;
        bool matches = shape.Length == input.Shape.Length + first && (first == 0 || shape[0] is >= 0 and <= int.MaxValue);
        for (int i = 0; matches && i < input.Shape.Length; i++)
        {
            long size = shape[first + i];
            matches = input.Shape[i] < 0 ? size is >= 1 and <= int.MaxValue : size == input.Shape[i];
        }

        if (!matches)
        {
            string expected = (first == 0 ? "[" : input.IsScalar ? "[batch" : "[batch, ") + _contract.Shape(input)[1..];
            throw Refusal.Of(input.Name + ": expected shape " + expected + ", got " + Join(shape) + ".", -1, input.Name);
        }

        if (first == 1 && rows >= 0 && shape[0] != rows)
        {
            throw Refusal.Of(
                input.Name + ": expected " + Number.Text(rows) + " rows as in the inputs before it, got " + Number.Text(shape[0]) + ".", -1, input.Name);
        }

        for (int i = 0; i < input.Shape.Length; i++)
        {
            if (input.Shape[i] < 0)
            {
                Set(input, ~input.Shape[i], (int)shape[first + i], sizes, -1);
            }
        }

        return first == 0 ? 1 : (int)shape[0];
    }

    /// <summary>Sets a size that an input has shown.</summary>
    /// <exception cref="ArgumentException">It is known to be another.</exception>
    internal void Set(TensorDescription input, int axis, int size, Span<int> sizes, int row)
    {
        if (sizes[axis] >= 0 && sizes[axis] != size)
        {
            throw Refusal.Of(
                input.Name + ": expected " + _contract.Axes[axis] + " = " + Number.Text(sizes[axis]) + " as told before, got " + Number.Text(size)
                + " of shape " + _contract.Shape(input) + ".",
                row,
                input.Name);
        }

        sizes[axis] = size;
    }

    /// <summary>The first input with exactly one size unknown; an axis that stands twice in a shape counts twice. -1 when there is none.</summary>
    private int FindInferable(ReadOnlySpan<int> sizes)
    {
        for (int place = 0; place < _contract.Inputs.Length; place++)
        {
            int unknown = 0;
            foreach (int size in _contract.Inputs[place].Shape)
            {
                unknown += size < 0 && sizes[~size] < 0 ? 1 : 0;
            }

            if (unknown == 1)
            {
                return place;
            }
        }

        return -1;
    }

    private void Infer(int place, int count, Span<int> sizes, int row)
    {
        TensorDescription input = _contract.Inputs[place];
        int axis = -1;
        foreach (int size in input.Shape)
        {
            axis = size < 0 && sizes[~size] < 0 ? ~size : axis;
        }

        long others = Product(input, sizes, axis);
        if (count == 0 || others == 0 || count % others != 0)
        {
            throw Refusal.Of(
                input.Name + ": expected the number of values to be a positive multiple of " + Number.Text(others) + _contract.ShapeClause(input)
                + KnownSizes(input, sizes) + "), got " + Number.Text(count) + ".",
                row,
                input.Name);
        }

        sizes[axis] = (int)(count / others);
    }

    /// <summary>Values of a row in which one axis has size 1; it never overflows.</summary>
    private static long Product(TensorDescription input, ReadOnlySpan<int> sizes, int without = -1)
    {
        long product = input.FixedLength;
        if (input.Axes.Length > 0)
        {
            foreach (int size in input.Shape)
            {
                product = size < 0 && ~size != without ? Check.Product(product, sizes[~size]) : product;
            }
        }

        return product;
    }

    private ArgumentException WrongCount(TensorDescription input, int count, ReadOnlySpan<int> sizes, int row)
    {
        string expected = input.Axes.Length == 0
            ? _contract.ExpectedLength(input)
            : input.Name + ": expected " + Number.Text(Product(input, sizes)) + " values" + _contract.ShapeClause(input) + KnownSizes(input, sizes) + ")";
        return Refusal.Of(expected + ", got " + Number.Text(count) + ".", row, input.Name);
    }

    private ArgumentException NotTold(ReadOnlySpan<int> sizes, int row)
    {
        TensorDescription input = Array.Find(_contract.Inputs, HasUnknown(sizes.ToArray()))!;
        int axis = Array.Find(input.Axes, HasNoSize(sizes.ToArray()));
        return Refusal.Of(
            input.Name + ": expected arrays nested by shape " + _contract.Shape(input) + ", or the size " + _contract.Axes[axis]
            + " beside them, which does not follow from the number of values; got neither.",
            row,
            input.Name);
    }

    private static Predicate<TensorDescription> HasUnknown(int[] sizes)
    {
        return input => Array.Exists(input.Axes, HasNoSize(sizes));
    }

    private static Predicate<int> HasNoSize(int[] sizes)
    {
        return axis => sizes[axis] < 0;
    }

    /// <summary>What is known of an input's sizes: <c>, height = 8</c>.</summary>
    private string KnownSizes(TensorDescription input, ReadOnlySpan<int> sizes)
    {
        var text = new StringBuilder();
        foreach (int axis in input.Axes)
        {
            if (sizes[axis] >= 0)
            {
                text.Append(", ").Append(_contract.Axes[axis]).Append(" = ").Append(Number.Text(sizes[axis]));
            }
        }

        return text.ToString();
    }

    private static string Join(ReadOnlySpan<long> shape)
    {
        return "[" + string.Join(", ", Array.ConvertAll(shape.ToArray(), Number.Text)) + "]";
    }
}
