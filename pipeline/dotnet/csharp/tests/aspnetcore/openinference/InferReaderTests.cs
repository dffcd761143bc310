namespace TheNamespace.Tests;

using System;
using System.Buffers.Binary;
using System.Globalization;
using System.Linq;
using System.Text;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class InferReaderTests
{
    private static readonly ModelContract Series = Contracts.Of(
        Contracts.Tensor("x", ElementType.Float32, [~0, 2]), Contracts.Tensor("mask", ElementType.Bool, [~0]));

    [Theory]
    [InlineData("FP32", "[[1.5, -2e3]]", "0000C03F0000FAC4")]
    [InlineData("FP64", "[1.5,1e300]", "000000000000F83F9C7500883CE4377E")]
    [InlineData("FP16", "[1.5,-65504]", "003EFFFB")]
    [InlineData("INT8", "[-128,127]", "807F")]
    [InlineData("INT16", "[-32768,32767]", "0080FF7F")]
    [InlineData("INT32", "[-2147483648,2147483647]", "00000080FFFFFF7F")]
    [InlineData("INT64", "[-9223372036854775808,9223372036854775807]", "0000000000000080FFFFFFFFFFFFFF7F")]
    [InlineData("UINT8", "[0,255]", "00FF")]
    [InlineData("UINT16", "[0,65535]", "0000FFFF")]
    [InlineData("UINT32", "[0,4294967295]", "00000000FFFFFFFF")]
    [InlineData("UINT64", "[0,18446744073709551615]", "0000000000000000FFFFFFFFFFFFFFFF")]
    [InlineData("BOOL", "[true,false]", "0100")]
    public void Every_type_is_read_from_JSON_and_from_bytes(string datatype, string data, string bytes)
    {
        ModelContract contract = Contracts.Of(Contracts.Tensor("x", TypeOf(datatype), [2]));
        RequestRows fromJson = Read(contract, Tensor("x", datatype, "[1,2]", "\"data\":" + data));
        Assert.Equal(bytes, Convert.ToHexString(fromJson.Bytes(0, 0)));
        RequestRows fromBytes = Read(contract, Tensor("x", datatype, "[1,2]", Size(bytes.Length / 2)), Convert.FromHexString(bytes));
        Assert.Equal(bytes, Convert.ToHexString(fromBytes.Bytes(0, 0)));
    }

    [Theory]
    [InlineData("FP16", "65520", "x: expected numbers, got 65520 at index 1.")]
    [InlineData("FP32", "true", "x: expected numbers, got true at index 1.")]
    [InlineData("INT8", "128", "x: expected integers, got 128 at index 1.")]
    [InlineData("UINT8", "-1", "x: expected integers, got -1 at index 1.")]
    [InlineData("INT64", "1.5", "x: expected integers, got 1.5 at index 1.")]
    [InlineData("INT64", "9223372036854775808", "x: expected integers, got 9223372036854775808 at index 1.")]
    [InlineData("BOOL", "1", "x: expected true or false, got 1 at index 1.")]
    [InlineData("BYTES", "1", "x: expected text, got 1 at index 1.")]
    [InlineData("BYTES", "\"\\ud800\"", "body: expected texts in UTF-8, got something else: *")]
    public void A_value_of_another_type_is_refused(string datatype, string value, string sentence)
    {
        ModelContract contract = Contracts.Of(Contracts.Tensor("x", TypeOf(datatype), [2]));
        string first = datatype switch { "BOOL" => "true", "BYTES" => "\"a\"", _ => "1" };
        Refuse(contract, Tensor("x", datatype, "[1,2]", "\"data\":[" + first + "," + value + "]"), [], sentence);
    }

    [Theory]
    [InlineData("FP32", "0000C07F", "x: expected numbers, got NaN.")]
    [InlineData("FP16", "007E", "x: expected numbers, got NaN.")]
    [InlineData("BOOL", "02", "x: expected bytes that are 0 or 1, got 2 at index 0.")]
    [InlineData("BYTES", "010000", "x: expected 4 bytes with the length of the text and as many bytes of text, got the tensor's end inside of them at index 0.")]
    [InlineData("BYTES", "FFFFFFFF61", "x: expected 4 bytes with the length of the text and as many bytes of text, got the tensor's end inside of them at index 0.")]
    [InlineData("BYTES", "01000000FF", "x: expected text in UTF-8, got other bytes at index 0.")]
    [InlineData("BYTES", "0000000000000000", "x: expected 1 values, by its shape, got 2.")]
    public void Bytes_that_are_no_value_are_refused(string datatype, string bytes, string sentence)
    {
        ModelContract contract = Contracts.Of(Contracts.Tensor("x", TypeOf(datatype), []));
        Refuse(contract, Tensor("x", datatype, "[1]", Size(bytes.Length / 2)), Convert.FromHexString(bytes), sentence);
    }

    [Fact]
    public void A_value_of_a_batch_is_named_by_its_index()
    {
        ModelContract contract = Contracts.Of(Contracts.Tensor("x", ElementType.Int8, [], maximum: 9));
        Refuse(contract, Tensor("x", "INT8", "[3]", "\"data\":[1,2,10]"), [], "x: expected integers to 9, got 10 at index 2.");
    }

    [Fact]
    public void Null_is_a_value_that_is_missing()
    {
        RequestRows rows = Read(Contracts.Of(Contracts.Tensor("x", ElementType.Float64, [2], allowsMissing: true)), Tensor("x", "FP64", "[1,2]", "\"data\":[null,1]"));
        Assert.Equal([double.NaN, 1], rows.Array<double>(0, 0));
    }

    [Fact]
    public void Texts_are_read_from_JSON_and_from_bytes()
    {
        ModelContract contract = Contracts.Of(Contracts.Tensor("a", ElementType.Text, [2]), Contracts.Tensor("b", ElementType.Text, []));
        string json = Tensor("a", "BYTES", "[1,2]", Size(11)) + "," + Tensor("b", "BYTES", "[1]", """ "data":["\u00e9\n🎉"] """);
        RequestRows rows = Read(contract, json, [.. Text("é"), .. Text("\0")]);
        Assert.Equal(["é", "\0"], rows.TextArray(0, 0));
        Assert.Equal("é\n🎉", rows.Text(1, 0));
    }

    [Fact]
    public void Sizes_are_taken_from_the_shapes()
    {
        RequestRows rows = Read(
            Series,
            Tensor("mask", "BOOL", "[2,3]", "\"data\":[true,true,true,false,false,false]") + "," + Tensor("x", "FP32", "[2,3,2]", "\"data\":[1,2,3,4,5,6,7,8,9,10,11,12]"));
        Assert.Equal(2, rows.Count);
        Assert.Equal([3], rows.Sizes(1).ToArray());
        Assert.Equal([7f, 8f, 9f, 10f, 11f, 12f], rows.Array<float>(0, 1));
    }

    [Theory]
    [InlineData("[2,3]", "x: expected 2 rows as in the inputs before it, got 1.")]
    [InlineData("[1,2]", "x: expected height = 2 as told before, got 3 of shape [height, 2].")]
    [InlineData("[1,0]", "mask: expected shape [batch, height], got [1, 0].")]
    public void Shapes_that_do_not_go_together_are_refused(string shape, string sentence)
    {
        string values = string.Join(",", Enumerable.Repeat("true", shape[1] == '2' ? 6 : shape[3] - '0'));
        Refuse(
            Series,
            Tensor("mask", "BOOL", shape, "\"data\":[" + values + "]") + "," + Tensor("x", "FP32", "[1,3,2]", "\"data\":[1,2,3,4,5,6]"), [], sentence);
    }

    [Theory]
    [InlineData("[2]")]
    [InlineData("[2,1]")]
    public void Texts_stand_for_their_tokens(string shape)
    {
        RequestRows fromJson = Read(Contracts.OfText(), Tensor("text", "BYTES", shape, """ "data":["a","b"] """));
        RequestRows fromBytes = Read(Contracts.OfText(), Tensor("text", "BYTES", shape, Size(10)), [.. Text("a"), .. Text("b")]);
        Assert.Equal(["a", "b"], new[] { fromJson.TextRows.Text(0), fromBytes.TextRows.Text(1) });
        Assert.Equal(2, fromBytes.RowCount);
    }

    [Theory]
    [InlineData("text BYTES [2,2]", "text: expected shape [batch], got [2, 2].")]
    [InlineData("text BYTES [0]", "text: expected at least 1 row, got none.")]
    [InlineData("text INT64 [1]", "text: expected datatype BYTES, got INT64.")]
    [InlineData("text BYTES [1]|text BYTES [1]", "inputs: expected each name once, got \"text\" twice.")]
    [InlineData("text BYTES [1]|input_ids INT64 [1,1]", "inputs: expected texts or their tokens, got both.")]
    [InlineData("input_ids INT64 [1,1]", "inputs: expected attention_mask, did not get it.")]
    [InlineData("words INT64 [1,1]", "inputs: expected a name of the contract (text, input_ids, attention_mask), got \"words\".")]
    public void Texts_or_tokens_that_are_not_the_model_s_are_refused(string tensors, string sentence)
    {
        string json = string.Join(",", tensors.Split('|').Select(tensor => tensor.Split(' ')).Select(
            parts => Tensor(parts[0], parts[1], parts[2], parts[1] == "BYTES" ? """ "data":["a"] """ : "\"data\":[1]")));
        Refuse(Contracts.OfText(), json, [], sentence);
    }

    private static ElementType TypeOf(string datatype)
    {
        return Enum.GetValues<ElementType>().Single(type => Datatypes.Of(type) == datatype);
    }

    private static string Tensor(string name, string datatype, string shape, string values)
    {
        return string.Create(CultureInfo.InvariantCulture, $$"""{"name":"{{name}}","datatype":"{{datatype}}","shape":{{shape}},{{values}}}""");
    }

    private static string Size(int bytes)
    {
        return "\"parameters\":{\"binary_data_size\":" + bytes.ToString(CultureInfo.InvariantCulture) + "}";
    }

    private static byte[] Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        return [.. length, .. bytes];
    }

    private static RequestRows Read(ModelContract contract, string tensors, byte[]? binary = null)
    {
        using var request = new InferRequest(contract);
        var rows = new RequestRows(contract);
        request.Body.Add(Encoding.UTF8.GetBytes("{\"inputs\":[" + tensors + "]}"));
        int jsonLength = request.Body.Count;
        request.Body.Add(binary ?? []);
        InferReader.Read(request, jsonLength, rows, new RowCheck(contract));
        return rows;
    }

    private static void Refuse(ModelContract contract, string tensors, byte[] binary, string sentence)
    {
        string error = Assert.Throws<ArgumentException>(() => Read(contract, tensors, binary)).Message;
        Assert.Equal(sentence, sentence[^1] == '*' ? error[..(sentence.Length - 1)] + "*" : error);
    }
}
