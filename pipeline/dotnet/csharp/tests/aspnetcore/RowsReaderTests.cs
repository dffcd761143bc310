namespace TheNamespace.Tests;

using System;
using System.Buffers;
using System.Globalization;
using System.Linq;
using System.Text;
using TheNamespace.TheModelEngine;
using Xunit;
using static TheNamespace.Tests.Contracts;

public sealed class RowsReaderTests
{
    [Fact]
    public void A_row_is_read()
    {
        RequestRows rows = Read(Of(Tensor("x", ElementType.Float32, [3])), """{"x": [1, -2.5, 3e2]}""");
        Assert.False(rows.IsList);
        Assert.Equal(1, rows.RowCount);
        Assert.Equal([1f, -2.5f, 300f], rows.Array<float>(0, 0));
    }

    [Fact]
    public void A_list_of_rows_is_read()
    {
        RequestRows rows = Read(Of(Tensor("x", ElementType.Float32, [2]), Tensor("n", ElementType.Int64, [])), """{"rows": [{"x":[1,2],"n":3}, {"n":6,"x":[4,5]}]}""");
        Assert.True(rows.IsList);
        Assert.Equal(2, rows.RowCount);
        Assert.Equal([4f, 5f], rows.Array<float>(0, 1));
        Assert.Equal(6L, rows.Value<long>(1, 1));
    }

    [Theory]
    [InlineData((int)ElementType.Int8, "[-128, 127]")]
    [InlineData((int)ElementType.Int16, "[-32768, 32767]")]
    [InlineData((int)ElementType.Int32, "[-2147483648, 2147483647]")]
    [InlineData((int)ElementType.Int64, "[-9223372036854775808, 9223372036854775807]")]
    [InlineData((int)ElementType.UInt8, "[0, 255]")]
    [InlineData((int)ElementType.UInt16, "[0, 65535]")]
    [InlineData((int)ElementType.UInt32, "[0, 4294967295]")]
    [InlineData((int)ElementType.UInt64, "[0, 18446744073709551615]")]
    [InlineData((int)ElementType.Float16, "[-65500, 0.1]")]
    [InlineData((int)ElementType.Float32, "[-3.4028235E+38, 1E-45]")]
    [InlineData((int)ElementType.Float64, "[-1.7976931348623157E+308, 5E-324]")]
    public void Every_number_type_takes_its_whole_range(int type, string json)
    {
        ElementType element = (ElementType)type;
        RequestRows rows = Read(Of(Tensor("x", element, [2])), "{\"x\": " + json + "}");
        string[] values = element switch
        {
            ElementType.Int8 => Texts<sbyte>(rows),
            ElementType.Int16 => Texts<short>(rows),
            ElementType.Int32 => Texts<int>(rows),
            ElementType.Int64 => Texts<long>(rows),
            ElementType.UInt8 => Texts<byte>(rows),
            ElementType.UInt16 => Texts<ushort>(rows),
            ElementType.UInt32 => Texts<uint>(rows),
            ElementType.UInt64 => Texts<ulong>(rows),
            ElementType.Float16 => Texts<Half>(rows),
            ElementType.Float32 => Texts<float>(rows),
            _ => Texts<double>(rows),
        };
        Assert.Equal(json, "[" + string.Join(", ", values) + "]");
    }

    [Fact]
    public void Truth_values_are_read()
    {
        Assert.Equal([true, false], Read(Of(Tensor("x", ElementType.Bool, [2])), """{"x": [true, false]}""").Array<bool>(0, 0));
        Assert.True(Read(Of(Tensor("x", ElementType.Bool, [])), """{"x": true}""").Value<bool>(0, 0));
    }

    [Fact]
    public void Bytes_may_be_base64_however_it_is_escaped()
    {
        ModelContract contract = Of(Tensor("x", ElementType.UInt8, [3]));
        Assert.Equal([0xfb, 0xff, 0xfe], Read(contract, """{"x": "+//+"}""").Array<byte>(0, 0));
        Assert.Equal([0xfb, 0xff, 0xfe], Read(contract, """{"x": "\u002b\/\/\u002B"}""").Array<byte>(0, 0));
        Assert.Equal([1, 2, 3], Read(contract, """{"x": [1, 2, 3]}""").Array<byte>(0, 0));
    }

    [Fact]
    public void Text_is_kept_as_it_is()
    {
        ModelContract contract = Of(Tensor("one", ElementType.Text, []), Tensor("two", ElementType.Text, [2]));
        RequestRows rows = Read(contract, """{"one": "NUL \u0000 \ud83c\udf89 é\n\"", "two": ["", "🎉"]}""");
        Assert.Equal("NUL \0 🎉 é\n\"", rows.Text(0, 0));
        Assert.Equal(["", "🎉"], rows.TextArray(1, 0));
    }

    [Fact]
    public void A_class_may_be_called_by_its_label()
    {
        ModelContract contract = Of(Tensor("class", ElementType.Int32, [], labels: ["none", "a \"few\"", "viele Äpfel"]));
        Assert.Equal(1, Read(contract, """{"class": "a \"few\""}""").Value<int>(0, 0));
        Assert.Equal(2, Read(contract, """{"class": "viele \u00c4pfel"}""").Value<int>(0, 0));
        Assert.Equal(2, Read(contract, """{"class": 2}""").Value<int>(0, 0));
    }

    [Fact]
    public void Null_is_a_missing_value_where_the_contract_knows_them()
    {
        ModelContract contract = Of(Tensor("x", ElementType.Float32, [3], minimum: 0, allowsMissing: true), Tensor("y", ElementType.Float64, [], allowsMissing: true));
        RequestRows rows = Read(contract, """{"x": [1, null, 2], "y": null}""");
        Assert.Equal([1f, float.NaN, 2f], rows.Array<float>(0, 0));
        Assert.True(double.IsNaN(rows.Value<double>(1, 0)));
    }

    [Theory]
    [InlineData("[1,2,3,4,5,6]")]
    [InlineData("[[1,2,3],[4,5,6]]")]
    [InlineData(" [ [ 1 , 2 , 3 ] , [ 4 , 5 , 6 ] ] ")]
    public void An_array_is_flat_or_nested_by_its_shape(string json)
    {
        Assert.Equal([1f, 2f, 3f, 4f, 5f, 6f], Read(Of(Tensor("x", ElementType.Float32, [2, 3])), "{\"x\":" + json + "}").Array<float>(0, 0));
    }

    [Fact]
    public void Sizes_follow_from_nesting()
    {
        RequestRows rows = Read(Of(Tensor("x", ElementType.UInt8, [~0, ~1, 1])), """{"x": [[[1],[2],[3]], [[4],[5],[6]]]}""");
        Assert.Equal([2, 3], rows.Sizes(0).ToArray());
        Assert.Equal(6, rows.Length(0, 0));
    }

    [Fact]
    public void Sizes_follow_from_lengths()
    {
        RequestRows rows = Read(Of(Tensor("x", ElementType.Float32, [~0, 3]), Tensor("mask", ElementType.Bool, [~0])), """{"mask": [true, true], "x": [1,2,3,4,5,6]}""");
        Assert.Equal([2], rows.Sizes(0).ToArray());
    }

    [Fact]
    public void Sizes_may_be_told()
    {
        ModelContract contract = Of(Tensor("x", ElementType.UInt8, [~0, ~1]));
        Assert.Equal([2, 3], Read(contract, """{"x": [1,2,3,4,5,6], "height": 2, "width": 3}""").Sizes(0).ToArray());
        Assert.Equal([2, 3], Read(contract, """{"height": 2, "x": "AQIDBAUG"}""").Sizes(0).ToArray());
    }

    [Fact]
    public void An_input_has_the_name_before_an_axis_has_it()
    {
        ModelContract contract = Of(Tensor("height", ElementType.Int64, []), Tensor("x", ElementType.Bool, [~0]));
        RequestRows rows = Read(contract, """{"height": 7, "x": [true]}""");
        Assert.Equal(7L, rows.Value<long>(0, 0));
        Assert.Equal([1], rows.Sizes(0).ToArray());
    }

    [Fact]
    public void An_input_may_be_called_rows()
    {
        ModelContract contract = Of(Tensor("rows", ElementType.Float32, [~0]));
        Assert.Equal([1f, 2f], Read(contract, """{"rows": [1, 2]}""").Array<float>(0, 0));
        Assert.Equal([3f], Read(contract, """{"rows": [{"rows": [1, 2]}, {"rows": [3]}]}""").Array<float>(0, 1));
    }

    [Fact]
    public void A_text_is_enough_where_there_is_a_tokenizer()
    {
        RequestRows rows = Read(OfText(), """{"rows": [{"text": "a\u0000b"}, {"text": ""}]}""");
        Assert.Equal(2, rows.RowCount);
        Assert.Equal("a\0b", rows.TextRows.Text(0));
        Assert.Equal([1L, 2L], Read(OfText(), """{"input_ids": [1, 2], "attention_mask": [1, 1]}""").Array<long>(0, 0));
    }

    [Fact]
    public void A_body_may_come_in_pieces()
    {
        byte[] body = Encoding.UTF8.GetBytes("""{"x": [12.5, -3.25e1, 4], "t": "a\u00e9🎉"}""");
        ModelContract contract = Of(Tensor("x", ElementType.Float32, [3]), Tensor("t", ElementType.Text, []));
        for (int size = 1; size < body.Length; size++)
        {
            RequestRows rows = Read(contract, Piece.Split(body, size));
            Assert.Equal([12.5f, -32.5f, 4f], rows.Array<float>(0, 0));
            Assert.Equal("aé🎉", rows.Text(1, 0));
        }
    }

    [Fact]
    public void Numbers_are_the_nearest_as_the_platform_reads_them()
    {
        var random = new Random(1);
        var texts = Enumerable.Range(0, 20_000).Select(_ => Write(random)).ToList();

        // Halfway between two floats, and just beside it.
        texts.AddRange(["16777217", "16777217.0000000001", "16777216.9999999999", "0.1", "1e22", "1e23", "9007199254740993", "0.000000000000000000000001", "-0", "-0.0"]);
        string json = "{\"x\": [" + string.Join(",", texts) + "]}";
        float[] singles = Read(Of(Tensor("x", ElementType.Float32, [~0])), json).Array<float>(0, 0);
        double[] doubles = Read(Of(Tensor("x", ElementType.Float64, [~0])), json).Array<double>(0, 0);
        Assert.Equal(texts.Select(text => BitConverter.SingleToInt32Bits(float.Parse(text, CultureInfo.InvariantCulture))), singles.Select(BitConverter.SingleToInt32Bits));
        Assert.Equal(texts.Select(text => BitConverter.DoubleToInt64Bits(double.Parse(text, CultureInfo.InvariantCulture))), doubles.Select(BitConverter.DoubleToInt64Bits));
    }

    [Fact]
    public void A_line_is_read_behind_others_or_not_at_all()
    {
        var rows = new RequestRows();
        RowsReader.ReadRow(new ReadOnlySequence<byte>("""{"features": [1, 2, 3, 4]}"""u8.ToArray()), rows);
        Assert.Throws<ArgumentException>(() => RowsReader.ReadRow(new ReadOnlySequence<byte>("""{"features": [1, 2, 3, 400]}"""u8.ToArray()), rows));
        Assert.Throws<ArgumentException>(() => RowsReader.ReadRow(new ReadOnlySequence<byte>("""{"rows": [{"features": [1, 2, 3, 4]}]}"""u8.ToArray()), rows));
        RowsReader.ReadRow(new ReadOnlySequence<byte>("""{"features": [5, 6, 7, 8]}"""u8.ToArray()), rows);
        Assert.Equal(2, rows.RowCount);
        Assert.Equal([5f, 6f, 7f, 8f], rows.Array<float>(0, 1));
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        ModelContract contract = Of(
            Tensor("x", ElementType.Float32, [2, 2], minimum: 0, maximum: 16), Tensor("n", ElementType.Int64, []), Tensor("t", ElementType.Text, []),
            Tensor("b", ElementType.Bool, [~0]));
        var reader = new RowsReader(contract, new RowCheck(contract));
        var rows = new RequestRows(contract);
        var body = new ReadOnlySequence<byte>("""{"rows": [{"x": [[1, 2.5], [3, 0.1]], "n": 5, "t": "a\n", "b": [true]}, {"n": 1, "t": "", "x": [1,2,3,4], "b": [true, false]}]}"""u8.ToArray());
        for (int i = 0; i < 40; i++)
        {
            reader.ReadBody(body, rows, int.MaxValue);
            rows.Clear();
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        reader.ReadBody(body, rows, int.MaxValue);
        rows.Clear();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string[] Texts<T>(RequestRows rows)
        where T : unmanaged, IFormattable
    {
        return Array.ConvertAll(rows.Array<T>(0, 0), value => value.ToString(null, CultureInfo.InvariantCulture));
    }

    /// <summary>A number as a client may write it, of few or many digits.</summary>
    private static string Write(Random random)
    {
        double value = (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-30, 30));
        return random.Next(4) switch
        {
            0 => value.ToString("R", CultureInfo.InvariantCulture),
            1 => ((float)value).ToString("R", CultureInfo.InvariantCulture),
            2 => value.ToString("E" + random.Next(1, 25).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
            _ => (random.NextDouble() * 1000).ToString("F" + random.Next(1, 22).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture),
        };
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        private Piece(ReadOnlyMemory<byte> memory, long start)
        {
            Memory = memory;
            RunningIndex = start;
        }

        internal static ReadOnlySequence<byte> Split(byte[] bytes, int size)
        {
            var first = new Piece(bytes.AsMemory(0, size), 0);
            Piece last = first;
            for (int start = size; start < bytes.Length; start += size)
            {
                var next = new Piece(bytes.AsMemory(start, Math.Min(size, bytes.Length - start)), start);
                last.Next = next;
                last = next;
            }

            return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
        }
    }
}
