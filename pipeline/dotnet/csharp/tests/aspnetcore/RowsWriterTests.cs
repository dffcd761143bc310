namespace TheNamespace.Tests;

using System;
using System.Buffers;
using System.Linq;
using System.Text;
using System.Text.Json;
using TheNamespace.TheModelEngine;
using Xunit;
using static TheNamespace.Tests.Contracts;

public sealed class RowsWriterTests
{
    [Fact]
    public void Every_type_is_written()
    {
        ModelContract contract = OfOutputs(
            Tensor("f32", ElementType.Float32, [4]),
            Tensor("f64", ElementType.Float64, []),
            Tensor("i8", ElementType.Int8, [2]),
            Tensor("i16", ElementType.Int16, []),
            Tensor("i32", ElementType.Int32, []),
            Tensor("i64", ElementType.Int64, []),
            Tensor("u8", ElementType.UInt8, []),
            Tensor("u16", ElementType.UInt16, []),
            Tensor("u32", ElementType.UInt32, []),
            Tensor("u64", ElementType.UInt64, []),
            Tensor("bool", ElementType.Bool, [2]),
            Tensor("yes", ElementType.Bool, []),
            Tensor("text", ElementType.Text, []),
            Tensor("texts", ElementType.Text, [2]),
            Tensor("bytes", ElementType.UInt8, [3]),
            Tensor("a \"name\"", ElementType.UInt8, []));
        var run = new FakeRun(
            Shapes(contract),
            new[] { 0.1f, 1e20f, float.NaN, float.NegativeInfinity },
            new[] { double.MaxValue },
            new sbyte[] { -128, 127 },
            new[] { short.MinValue },
            new[] { int.MinValue },
            new[] { long.MinValue },
            new byte[] { 255 },
            new[] { ushort.MaxValue },
            new[] { uint.MaxValue },
            new[] { ulong.MaxValue },
            new[] { true, false },
            new[] { true },
            new[] { "NUL \0" },
            new[] { string.Empty, "a" },
            new byte[] { 0xfb, 0xff, 0xfe },
            new byte[] { 1 });
        Assert.Equal(
            """{"f32":[0.1,1E+20,null,null],"f64":1.7976931348623157E+308,"i8":[-128,127],"i16":-32768,"i32":-2147483648,"i64":-9223372036854775808,"u8":255,"u16":65535,"u32":4294967295,"u64":18446744073709551615,"bool":[true,false],"yes":true,"text":"NUL \u0000","texts":["","a"],"bytes":"+//+","a \u0022name\u0022":1}""",
            Write(contract, run, 1, false));
    }

    [Fact]
    public void Half_numbers_are_as_short_as_their_own_type_allows()
    {
        ModelContract contract = OfOutputs(Tensor("x", ElementType.Float16, [3]));
        Half[] values = [(Half)0.1f, (Half)(-2), Half.PositiveInfinity];
        Assert.Equal("""{"x":[0.1,-2,null]}""", Write(contract, new FakeRun(Shapes(contract), values.Select(BitConverter.HalfToInt16Bits).ToArray()), 1, false));
    }

    [Fact]
    public void Rows_are_written_in_a_list()
    {
        ModelContract contract = OfOutputs(Tensor("label", ElementType.Int64, [], labels: ["none", "a \"few\""]), Tensor("p", ElementType.Float32, [2]));
        var run = new FakeRun([[2], [2, 2]], new[] { 1L, 0L }, new[] { 0.25f, 0.75f, 1f, 0f });
        Assert.Equal("""{"rows":[{"label":"a \u0022few\u0022","p":[0.25,0.75]},{"label":"none","p":[1,0]}]}""", Write(contract, run, 2, true));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    public void A_class_without_a_label_is_the_models_failure(long number)
    {
        ModelContract contract = OfOutputs(Tensor("label", ElementType.Int64, [], labels: ["none", "few"]));
        TheModelException error = Assert.Throws<TheModelException>(() => Write(contract, new FakeRun([[2]], new[] { 0L, number }), 2, true));
        Assert.Equal(
            $"label: expected a number from 0 to 1, got {number}: the model has more classes than its contract has labels; correct the labels and package the model again.",
            error.Message);
    }

    [Fact]
    public void Sizes_that_no_length_tells_are_written()
    {
        ModelContract contract = OfOutputs(Tensor("grey", ElementType.Float32, [~0, ~1]), Tensor("mean", ElementType.Float32, [3]));
        Assert.Equal(
            """{"grey":[1,2],"mean":[0,0,0],"height":1,"width":2}""",
            Write(contract, new FakeRun([[1, 1, 2], [1, 3]], new[] { 1f, 2f }, new float[3]), 1, false));
    }

    [Fact]
    public void A_size_has_another_name_where_an_output_has_its_own()
    {
        ModelContract contract = OfOutputs(Tensor("grey", ElementType.Float32, [~0, ~1]), Tensor("height", ElementType.Float32, []));
        Assert.Equal("""{"grey":[1],"height":7,"heightSize":1,"width":1}""", Write(contract, new FakeRun([[1, 1, 1], [1]], new[] { 1f }, new[] { 7f }), 1, false));
    }

    [Fact]
    public void A_size_that_a_length_tells_is_not_written()
    {
        ModelContract contract = OfOutputs(Tensor("x", ElementType.Float32, [~0]));
        Assert.Equal("""{"x":[1,2]}""", Write(contract, new FakeRun([[1, 2]], new[] { 1f, 2f }), 1, false));
    }

    [Fact]
    public void A_long_array_is_written_as_a_short_one_is()
    {
        ModelContract contract = OfOutputs(Tensor("x", ElementType.Int32, [5000]));
        int[] values = Enumerable.Range(-100, 5000).ToArray();
        Assert.Equal("{\"x\":[" + string.Join(",", values) + "]}", Write(contract, new FakeRun(Shapes(contract), values), 1, false));
    }

    [Fact]
    public void Gathered_rows_come_in_the_order_of_the_request()
    {
        ModelContract contract = OfOutputs(Tensor("x", ElementType.Float32, [~0]), Tensor("t", ElementType.Text, [~0]));
        using var call = new ModelCall(contract);
        call.Gather(new FakeRun([[2, 1], [2, 1]], new[] { 1f, 3f }, new[] { "1", "3" }), 2, []);
        call.Gather(new FakeRun([[1, 2], [1, 2]], new[] { 0f, 0.5f }, new[] { "0", "0.5" }), 1, []);
        call.Gather(new FakeRun([[1, 3], [1, 3]], new[] { 2f, 2.5f, 2.75f }, new[] { "2", "2.5", "2.75" }), 1, []);
        call.Order([1, 3, 0, 2]);
        Assert.False(call.IsUniform);
        Assert.Equal(
            """{"rows":[{"x":[0,0.5],"t":["0","0.5"]},{"x":[1],"t":["1"]},{"x":[2,2.5,2.75],"t":["2","2.5","2.75"]},{"x":[3],"t":["3"]}]}""",
            Write(contract, call, true));
    }

    [Fact]
    public void Outputs_of_equal_shapes_are_whole_tensors_whatever_the_inputs_were()
    {
        var contract = new ModelContract
        {
            Inputs = [Tensor("ids", ElementType.Int64, [~0])], Outputs = [Tensor("p", ElementType.Float32, [2])], Axes = ["tokens"], InputAxes = 1,
        };
        using var call = new ModelCall(contract);
        call.Gather(new FakeRun([[1, 2]], new[] { 3f, 4f }), 1, [7]);
        call.Gather(new FakeRun([[1, 2]], new[] { 1f, 2f }), 1, [5]);
        call.Order([1, 0]);
        Assert.True(call.IsUniform);
        Assert.Equal([1f, 2f, 3f, 4f], System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(call.Output(0)).ToArray());
    }

    [Fact]
    public void Writing_allocates_nothing_a_value()
    {
        ModelContract contract = OfOutputs(Tensor("x", ElementType.Float32, [1000]), Tensor("label", ElementType.Int64, [], labels: ["none"]));
        using var call = new ModelCall(contract);
        call.Gather(new FakeRun(Shapes(contract), new float[1000], new long[1]), 1, []);
        var rows = new RowsWriter(contract);
        var buffer = new ArrayBufferWriter<byte>(1 << 20);
        using var writer = new Utf8JsonWriter(buffer);
        rows.WriteAnswer(writer, call, false);
        writer.Flush();
        writer.Reset();
        buffer.ResetWrittenCount();
        long before = GC.GetAllocatedBytesForCurrentThread();
        rows.WriteAnswer(writer, call, false);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static long[][] Shapes(ModelContract contract)
    {
        return Array.ConvertAll(contract.Outputs, output => output.Shape.Select(size => (long)size).Prepend(1).ToArray());
    }

    private static string Write(ModelContract contract, FakeRun run, int rows, bool isList)
    {
        using var call = new ModelCall(contract);
        call.Gather(run, rows, []);
        return Write(contract, call, isList);
    }

    private static string Write(ModelContract contract, ModelCall call, bool isList)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            new RowsWriter(contract).WriteAnswer(writer, call, isList);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
