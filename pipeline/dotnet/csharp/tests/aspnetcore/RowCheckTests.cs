namespace TheNamespace.Tests;

using System;
using TheNamespace.TheModelEngine;
using Xunit;
using static TheNamespace.Tests.Contracts;

public sealed class RowCheckTests
{
    private static readonly ModelContract Image = Of(Tensor("pixels", ElementType.UInt8, [~0, ~1, 3]), Tensor("mask", ElementType.Bool, [~0]));

    [Fact]
    public void The_shape_of_a_tensor_tells_rows_and_sizes()
    {
        int[] sizes = [-1, -1];
        Assert.Equal(2, new InputSizes(Image).Match(0, [2, 4, 5, 3], -1, sizes));
        Assert.Equal([4, 5], sizes);
        Assert.Equal(2, new InputSizes(Image).Match(1, [2, 4], 2, sizes));
    }

    [Theory]
    [InlineData("pixels: expected shape [batch, height, width, 3], got [2, 4, 5].", 0, new long[] { 2, 4, 5 })]
    [InlineData("pixels: expected shape [batch, height, width, 3], got [2, 4, 5, 4].", 0, new long[] { 2, 4, 5, 4 })]
    [InlineData("pixels: expected shape [batch, height, width, 3], got [2, 4, 0, 3].", 0, new long[] { 2, 4, 0, 3 })]
    [InlineData("pixels: expected shape [batch, height, width, 3], got [-1, 4, 5, 3].", 0, new long[] { -1, 4, 5, 3 })]
    [InlineData("pixels: expected shape [batch, height, width, 3], got [2, 4294967297, 5, 3].", 0, new long[] { 2, 4294967297, 5, 3 })]
    [InlineData("mask: expected height = 4 as told before, got 6 of shape [height].", 1, new long[] { 2, 6 })]
    [InlineData("mask: expected 2 rows as in the inputs before it, got 3.", 1, new long[] { 3, 4 })]
    public void A_shape_that_is_not_the_inputs_is_told(string sentence, int place, long[] shape)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new InputSizes(Image).Match(place, shape, 2, new[] { 4, 5 }));
        Assert.Equal(sentence, error.Message);
    }

    [Fact]
    public void Without_a_batch_a_shape_is_that_of_the_row()
    {
        var contract = new ModelContract { Inputs = [Tensor("gain", ElementType.Float64, []), Tensor("x", ElementType.Float64, [~0])], Outputs = [], Axes = ["n"], InputAxes = 1, IsBatched = false };
        int[] sizes = [-1];
        Assert.Equal(1, new InputSizes(contract).Match(0, [], -1, sizes));
        Assert.Equal(1, new InputSizes(contract).Match(1, [7], 1, sizes));
        Assert.Equal([7], sizes);
        Assert.Equal(
            "gain: expected shape [], got [1].", Assert.Throws<ArgumentException>(() => new InputSizes(contract).Match(0, [1], -1, sizes)).Message);
    }

    [Fact]
    public void An_axis_whose_size_no_length_tells_is_known_as_such()
    {
        Assert.Equal([0, 1], new InputSizes(Of(Tensor("x", ElementType.UInt8, [~0, ~1]))).Told);
        Assert.Equal([0], new InputSizes(Of(Tensor("x", ElementType.UInt8, [~0, ~0]))).Told);
        Assert.Empty(new InputSizes(Image).Told);
    }

    [Fact]
    public void Sizes_whose_product_is_beyond_any_array_are_refused()
    {
        Assert.Contains("expected 6442450944 values", Assert.Throws<ArgumentException>(() => new InputSizes(Image).Complete([1, 65536], [65536, 32768], -1)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData((int)ElementType.Float32, 0.1, null, 0.1, true)]
    [InlineData((int)ElementType.Float32, 0.1, null, 0.099999, false)]
    [InlineData((int)ElementType.Float32, null, 1e39, double.PositiveInfinity, true)]
    [InlineData((int)ElementType.Float16, -4.0, 4.0, 4.0, true)]
    [InlineData((int)ElementType.Float16, -4.0, 4.0, 4.01, false)]
    [InlineData((int)ElementType.Float64, null, null, double.NaN, false)]
    [InlineData((int)ElementType.Int8, -1000.0, 1000.0, -128.0, true)]
    [InlineData((int)ElementType.Int32, 0.5, 2.5, 0.0, false)]
    [InlineData((int)ElementType.Int32, 0.5, 2.5, 2.0, true)]
    [InlineData((int)ElementType.UInt64, 1.0, 1.8446744073709552E+19, 1.8446744073709550E+19, true)]
    public void Bounds_are_those_of_the_client(int type, double? minimum, double? maximum, double value, bool isTaken)
    {
        TensorDescription input = Tensor("x", (ElementType)type, [], minimum, maximum);
        Column column = Column.Create(input.Type);
        switch (column)
        {
            case Column<float> singles:
                singles.Add((float)value);
                break;
            case Column<Half> halves:
                halves.Add((Half)value);
                break;
            case Column<double> doubles:
                doubles.Add(value);
                break;
            case Column<sbyte> small:
                small.Add((sbyte)value);
                break;
            case Column<int> integers:
                integers.Add((int)value);
                break;
            default:
                ((Column<ulong>)column).Add((ulong)value);
                break;
        }

        Exception? error = Record.Exception(() => ValueCheck.Create(input).Check(column, 0, -1));
        Assert.Equal(isTaken, error is null);
    }

    [Fact]
    public void A_missing_value_is_taken_where_the_contract_knows_them()
    {
        var column = new Column<float>();
        column.Add([1f, float.NaN]);
        ValueCheck.Create(Tensor("x", ElementType.Float32, [2], minimum: 0, allowsMissing: true)).Check(column, 0, -1);
        ArgumentException error = Assert.Throws<ArgumentException>(() => ValueCheck.Create(Tensor("x", ElementType.Float32, [2], minimum: 0.25)).Check(column, 0, 3));
        Assert.Equal("x: expected numbers from 0.25, got NaN at index 1. (Parameter 'rows[3]')", error.Message);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_refused()
    {
        var column = new TextColumn();
        column.Add("a");
        column.Add([0xc3]);
        ArgumentException error = Assert.Throws<ArgumentException>(() => ValueCheck.Create(Tensor("x", ElementType.Text, [2])).Check(column, 0, -1));
        Assert.Equal("x: expected text, got bytes that are not UTF-8 at index 1.", error.Message);
    }
}
