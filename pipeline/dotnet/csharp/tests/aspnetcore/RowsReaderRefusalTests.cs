namespace TheNamespace.Tests;

using System;
using System.Text;
using TheNamespace.TheModelEngine;
using Xunit;
using static TheNamespace.Tests.Contracts;

public sealed class RowsReaderRefusalTests
{
    private static readonly ModelContract Features = Of(Tensor("features", ElementType.Float32, [4], minimum: -100, maximum: 100));
    private static readonly ModelContract Two = Of(Tensor("pixels", ElementType.Float32, [2, 2]), Tensor("count", ElementType.Int8, []));
    private static readonly ModelContract Image = Of(Tensor("pixels", ElementType.UInt8, [~0, ~1, 3]), Tensor("mask", ElementType.Bool, [~0]));
    private static readonly ModelContract Surface = Of(Tensor("pixels", ElementType.UInt8, [~0, ~1]));
    private static readonly ModelContract Words = Of(Tensor("words", ElementType.Text, [2]));
    private static readonly ModelContract Class = Of(Tensor("class", ElementType.Int64, [], labels: ["none", "few", "many"]));

    [Theory]
    [InlineData("", "Expected an object with features or with rows, got an empty body.")]
    [InlineData(" \n", "Expected an object with features or with rows, got an empty body.")]
    [InlineData("[1, 2, 3, 4]", "Expected an object with features or with rows, got an array.")]
    [InlineData("null", "Expected an object with features or with rows, got null.")]
    [InlineData("\"x\"", "Expected an object with features or with rows, got \"x\".")]
    [InlineData("{}", "features: expected 4 values (one row, row-major of shape [4]), got none.")]
    [InlineData("{\"features\": [1, 2, 3]}", "features: expected 4 values (one row, row-major of shape [4]), got 3.")]
    [InlineData("{\"features\": []}", "features: expected 4 values (one row, row-major of shape [4]), got 0.")]
    [InlineData("{\"features\": null}", "features: expected 4 values (one row, row-major of shape [4]), got null.")]
    [InlineData("{\"features\": 1}", "features: expected 4 values (one row, row-major of shape [4]), got 1.")]
    [InlineData("{\"features\": {}}", "features: expected 4 values (one row, row-major of shape [4]), got an object.")]
    [InlineData("{\"features\": \"AAAA\"}", "features: expected 4 values (one row, row-major of shape [4]), got \"AAAA\".")]
    [InlineData("{\"features\": [1, 2, 3, 101]}", "features: expected numbers from -100 to 100, got 101 at index 3.")]
    [InlineData("{\"features\": [1, \"a\", 3, 4]}", "features: expected numbers from -100 to 100, got \"a\" at index 1.")]
    [InlineData("{\"features\": [1, null, 3, 4]}", "features: expected numbers from -100 to 100, got null at index 1.")]
    [InlineData("{\"features\": [[1, 2], [3, 4]]}", "features: expected numbers from -100 to 100, got an array at index 0.")]
    [InlineData("{\"features\": [1, 2, 3, 1e39]}", "features: expected finite numbers, at most 3.4028235E+38, got 1e39 at index 3.")]
    [InlineData("{\"features\": [1e999, 2, 3, 4]}", "features: expected finite numbers, at most 3.4028235E+38, got 1e999 at index 0.")]
    [InlineData("{\"features\": [1,2,3,4], \"features\": [1,2,3,4]}", "features: expected once in a row, got it twice.")]
    [InlineData("{\"feature\": [1,2,3,4]}", "Expected features, got \"feature\": did you mean \"features\"?")]
    [InlineData("{\"z\": [1,2,3,4]}", "Expected features, got \"z\".")]
    [InlineData("{\"\\ud800\": 1}", "Expected names of well-formed text, got an unpaired surrogate or bytes that are not UTF-8.")]
    [InlineData("{\"features\": [1,2,3,4], \"rows\": []}", "Expected either a row or \"rows\", got both.")]
    [InlineData("{\"rows\": [{\"features\": [1,2,3,4]}], \"features\": []}", "Expected \"rows\" alone, got \"features\" beside them.")]
    [InlineData("{\"rows\": [{\"features\": [1,2,3,4]}], \"rows\": []}", "rows: expected once, got it twice.")]
    [InlineData("{\"rows\": []}", "rows: expected at least 1 row, got 0.")]
    [InlineData("{\"rows\": {}}", "rows: expected an array of rows, got an object.")]
    [InlineData("{\"rows\": [{\"features\": [1,2,3,4]}, {\"features\": [1,2,3,4]}, {\"features\": [1,2,3,4]}, 1]}", "rows: expected at most 3 rows, got more: send them in several requests.")]
    public void A_sentence_says_what_was_expected_and_what_was_found(string json, string sentence)
    {
        Assert.Equal(sentence, Refuse(Features, json).Message);
    }

    [Theory]
    [InlineData("{\"features\": [1, 2 3, 4]}", "Expected JSON, got something else at line 1, byte 20: '3' is invalid after a value. Expected either ',', '}', or ']'.")]
    [InlineData("{\n\"features\": [1, 2, 3, 4]\n} x", "Expected JSON, got something else at line 3, byte 3: 'x' is invalid after a single JSON value. Expected end of data.")]
    [InlineData("{\"features\": [1, 2, 3, 4,]}", "Expected JSON, got something else at line 1, byte 26: ")]
    [InlineData("{\"features\": [1, 2, 3, 04]}", "Expected JSON, got something else at line 1, byte 25: ")]
    [InlineData("{\"features\": [1, 2, 3, NaN]}", "Expected JSON, got something else at line 1, byte 24: ")]
    [InlineData("{\"features\": [1, 2, 3, 1.]}", "Expected JSON, got something else at line 1, byte 26: ")]
    [InlineData("{\"features\": [1, 2, 3, 4", "Expected JSON, got something else at line 1, byte 25: ")]
    [InlineData("{\"features\": [1, 2, 3, 4]", "Expected JSON, got something else at line 1, byte 26: ")]
    [InlineData("{'features': 1}", "Expected JSON, got something else at line 1, byte 2: ")]
    public void What_is_no_JSON_is_told_by_line_and_byte(string json, string beginning)
    {
        Assert.StartsWith(beginning, Refuse(Features, json).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"count\": 1.5}", "count: expected integers, got 1.5.")]
    [InlineData("{\"count\": 1e2}", "count: expected integers, got 1e2.")]
    [InlineData("{\"count\": 128}", "count: expected integers from -128 to 127, got 128.")]
    [InlineData("{\"count\": 99999999999999999999}", "count: expected integers from -128 to 127, got 99999999999999999999.")]
    [InlineData("{\"count\": [1]}", "count: expected integers, got an array.")]
    [InlineData("{\"count\": \"few\"}", "count: expected integers, got \"few\".")]
    [InlineData("{\"count\": 1, \"pixels\": [1, 2, 3]}", "pixels: expected 4 values (one row, row-major of shape [2, 2]), got 3.")]
    [InlineData("{\"pixels\": [[1, 2], [3]]}", "pixels: expected 2 in each array along axis 1 of shape [2, 2], got 1 at index 2.")]
    [InlineData("{\"pixels\": [[1, 2], 3]}", "pixels: expected arrays nested by shape [2, 2], got 3 at index 2.")]
    [InlineData("{\"pixels\": [1, [2, 3], 4]}", "pixels: expected numbers, got an array at index 1.")]
    [InlineData("{\"pixels\": [[1, 2], [3, [4]]]}", "pixels: expected numbers, got an array at index 3.")]
    [InlineData("{\"pixels\": [[1, 2], [3, 4], [5, 6]]}", "pixels: expected 2 in each array along axis 0 of shape [2, 2], got 3 at index 0.")]
    [InlineData("{\"pixels\": [1, 2, 3, 4]}", "count: expected integers, got none.")]
    [InlineData("{\"pixel\": 1}", "Expected one of pixels, count, got \"pixel\": did you mean \"pixels\"?")]
    public void Kinds_and_shapes_are_told(string json, string sentence)
    {
        Assert.Equal(sentence, Refuse(Two, json).Message);
    }

    [Theory]
    [InlineData("{\"mask\": [true], \"pixels\": [1, 2, 3, 4]}", "pixels: expected the number of values to be a positive multiple of 3 (one row, row-major of shape [height, width, 3], height = 1), got 4.")]
    [InlineData("{\"mask\": [true, false], \"pixels\": [[[1, 2, 3]]]}", "mask: expected 1 values (one row, row-major of shape [height], height = 1), got 2.")]
    [InlineData("{\"mask\": [1]}", "mask: expected true or false, got 1 at index 0.")]
    [InlineData("{\"mask\": []}", "pixels: expected values (one row, row-major of shape [height, width, 3]), got none.")]
    [InlineData("{\"pixels\": [[[1, 2, 3]], [[1, 2, 3], [4, 5, 6]]]}", "pixels: expected width = 1 as told before, got 2 of shape [height, width, 3].")]
    [InlineData("{\"pixels\": [[], []]}", "pixels: expected arrays nested by shape [height, width, 3], got values at index 0.")]
    [InlineData("{\"pixels\": [[[]]]}", "pixels: expected 3 in each array along axis 2 of shape [height, width, 3], got 0 at index 0.")]
    [InlineData("{\"pixels\": \"AAAA\", \"mask\": [true], \"width\": 2}", "pixels: expected the number of values to be a positive multiple of 6 (one row, row-major of shape [height, width, 3], width = 2), got 3.")]
    [InlineData("{\"pixels\": \"A\"}", "pixels: expected values (one row, row-major of shape [height, width, 3]), got \"A\".")]
    [InlineData("{\"width\": 0}", "width: expected the size of the axis, an integer of at least 1, got 0.")]
    [InlineData("{\"width\": 1.5}", "width: expected the size of the axis, an integer of at least 1, got 1.5.")]
    [InlineData("{\"width\": \"1\"}", "width: expected the size of the axis, an integer of at least 1, got \"1\".")]
    [InlineData("{\"width\": 1, \"width\": 2}", "width: expected 1 as told before, got 2.")]
    public void Sizes_must_go_together(string json, string sentence)
    {
        Assert.Equal(sentence, Refuse(Image, json).Message);
    }

    [Fact]
    public void A_size_that_nothing_tells_is_asked_for()
    {
        Assert.Equal(
            "pixels: expected arrays nested by shape [height, width], or the size height beside them, which does not follow from the number of values; got neither.",
            Refuse(Surface, """{"pixels": [1, 2, 3, 4]}""").Message);
    }

    [Theory]
    [InlineData("{\"words\": [\"a\", 1]}", "words: expected text, got 1 at index 1.")]
    [InlineData("{\"words\": [\"a\", null]}", "words: expected text, got null at index 1.")]
    [InlineData("{\"words\": [\"a\", \"\\ud800\"]}", "words: expected well-formed text, got an unpaired surrogate or bytes that are not UTF-8 at index 1.")]
    [InlineData("{\"words\": [\"a\"]}", "words: expected 2 values (one row, row-major of shape [2]), got 1.")]
    public void Texts_must_be_texts(string json, string sentence)
    {
        Assert.Equal(sentence, Refuse(Words, json).Message);
    }

    [Fact]
    public void Bytes_that_are_not_UTF_8_are_no_text()
    {
        byte[] body = [.. "{\"words\": [\""u8, 0xff, .. "\", \"\"]}"u8];
        ArgumentException error = Assert.Throws<ArgumentException>(() => Read(Words, new System.Buffers.ReadOnlySequence<byte>(body)));
        Assert.Equal("words: expected well-formed text, got an unpaired surrogate or bytes that are not UTF-8 at index 0.", error.Message);
    }

    [Fact]
    public void A_label_that_no_class_has_is_told()
    {
        Assert.Equal(
            "class: expected the number of a class or one of its labels none, few, many, got \"feu\"; did you mean \"few\"?", Refuse(Class, """{"class": "feu"}""").Message);
    }

    [Theory]
    [InlineData("{\"text\": 1}", "text: expected text, got 1.")]
    [InlineData("{\"text\": \"a\", \"text\": \"b\"}", "text: expected once in a row, got it twice.")]
    [InlineData("{\"text\": \"\\udc00\"}", "text: expected well-formed text, got an unpaired surrogate or bytes that are not UTF-8.")]
    [InlineData("{\"text\": \"a\", \"input_ids\": [1]}", "Expected either text or input_ids, attention_mask, got both.")]
    [InlineData("{}", "text: expected text, got none.")]
    [InlineData("{\"input_ids\": [1]}", "attention_mask: expected values (one row, row-major of shape [tokens]), got none.")]
    [InlineData("{\"txt\": \"a\"}", "Expected one of text, input_ids, attention_mask, got \"txt\": did you mean \"text\"?")]
    [InlineData("[]", "Expected an object with text or input_ids, attention_mask or with rows, got an array.")]
    public void A_text_for_the_tokenizer_is_told_too(string json, string sentence)
    {
        Assert.Equal(sentence, Refuse(OfText(), json).Message);
    }

    [Theory]
    [InlineData("{\"rows\": [{\"text\": \"a\"}, {\"input_ids\": [1], \"attention_mask\": [1]}]}", "Expected text as in the rows before it, got the inputs themselves.")]
    [InlineData("{\"rows\": [{\"input_ids\": [1], \"attention_mask\": [1]}, {\"text\": \"a\"}]}", "Expected the inputs themselves as in the rows before it, got text.")]
    [InlineData("{\"rows\": [{\"text\": \"a\"}, 1]}", "Expected an object with text or input_ids, attention_mask, got 1.")]
    [InlineData("{\"rows\": [{\"text\": \"a\"}, {\"rows\": []}]}", "Expected one of text, input_ids, attention_mask, got \"rows\".")]
    public void The_row_is_told(string json, string sentence)
    {
        ArgumentException error = Refuse(OfText(), json);
        Assert.Equal(sentence + " (Parameter 'rows[1]')", error.Message);
        Assert.Equal(1, error.Data[Refusal.RowKey]);
    }

    [Fact]
    public void The_place_is_told_for_programs()
    {
        ArgumentException error = Refuse(Features, """{"rows": [{"features": [1, 2, 3, 4]}, {"features": [1, 2, 3, 101]}]}""");
        Assert.Equal("rows[1]", error.ParamName);
        Assert.Equal(1, error.Data[Refusal.RowKey]);
        Assert.Equal("features", error.Data[Refusal.FieldKey]);
        Assert.Equal(3, error.Data[Refusal.IndexKey]);
        Assert.True(error.Data.Contains("Torch2DotNet.TheModel"));
    }

    [Fact]
    public void An_array_that_is_nested_too_deep_is_refused_where_it_begins()
    {
        string deep = new string('[', 100_000);
        Assert.Equal("pixels: expected numbers, got an array at index 0.", Refuse(Two, "{\"pixels\": " + deep).Message);
    }

    [Fact]
    public void A_long_value_is_told_by_its_beginning()
    {
        string sentence = Refuse(Features, "{\"features\": \"" + new string('x', 1_000_000) + "\"}").Message;
        Assert.EndsWith(", got \"" + new string('x', 60) + "…\".", sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Whatever_the_bytes_are_the_answer_is_a_sentence(int seed)
    {
        var random = new Random(seed);
        byte[] good = Encoding.UTF8.GetBytes("""{"rows": [{"pixels": [[[1, 2, 3]], [[4, 5, 6]]], "mask": [true, false], "width": 1}]}""");
        for (int i = 0; i < 3000; i++)
        {
            byte[] body = (byte[])good.Clone();
            for (int change = random.Next(1, 4); change > 0; change--)
            {
                body[random.Next(body.Length)] = random.Next(2) == 0 ? (byte)random.Next(256) : good[random.Next(good.Length)];
            }

            try
            {
                Read(Image, new System.Buffers.ReadOnlySequence<byte>(body));
            }
            catch (ArgumentException error)
            {
                Assert.True(error.Data.Contains("Torch2DotNet.TheModel"), error.ToString());
            }
        }
    }

    private static ArgumentException Refuse(ModelContract contract, string json)
    {
        return Assert.Throws<ArgumentException>(() => Read(contract, json, maxRows: 3));
    }
}
