namespace TheNamespace.Tests;

using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using TheNamespace.TheModelEngine;
using Xunit;
using static TheNamespace.TheModelEngine.Bodies;

public sealed class BodyTypesTests
{
    private static readonly JsonSchemaExporterOptions Strict = new() { TreatNullObliviousAsNonNullable = true };

    [Fact]
    public void A_number_has_its_range_in_its_type_and_its_words()
    {
        JsonPropertyInfo age = Property(Describe("age", ElementType.Float64, [], minimum: 0, maximum: 150.5, unit: "years", description: "Age."));
        RangeAttribute range = Attribute<RangeAttribute>(age);
        Assert.Equal((0.0, 150.5), (range.Minimum, range.Maximum));
        Assert.Equal("Age. Unit: years. Range: from 0 to 150.5.", Attribute<DescriptionAttribute>(age).Description);
    }

    [Fact]
    public void The_range_of_an_arrays_values_is_no_range_of_the_array()
    {
        JsonPropertyInfo ages = Property(Describe("ages", ElementType.Float32, [3], minimum: 0));
        Assert.Empty(ages.AttributeProvider!.GetCustomAttributes(typeof(RangeAttribute), inherit: false));
        Assert.Equal("3 values, row-major of shape [3]. Range: at least 0.", Attribute<DescriptionAttribute>(ages).Description);
    }

    [Theory]
    [InlineData(ElementType.Float32, "number")]
    [InlineData(ElementType.Float64, "number")]
    [InlineData(ElementType.Float16, "number")]
    [InlineData(ElementType.Int8, "integer")]
    [InlineData(ElementType.Int16, "integer")]
    [InlineData(ElementType.Int32, "integer")]
    [InlineData(ElementType.Int64, "integer")]
    [InlineData(ElementType.UInt8, "integer")]
    [InlineData(ElementType.UInt16, "integer")]
    [InlineData(ElementType.UInt32, "integer")]
    [InlineData(ElementType.UInt64, "integer")]
    [InlineData(ElementType.Bool, "boolean")]
    [InlineData(ElementType.Text, "string")]
    internal void A_value_of_each_type_has_the_type_of_its_json(ElementType type, string expected)
    {
        Assert.Equal($$"""{"type":"{{expected}}"}""", Schema(Describe("x", type, [])));
    }

    [Theory]
    [InlineData(ElementType.Float32, """{"type":"array","items":{"type":"number"}}""")]
    [InlineData(ElementType.Int64, """{"type":"array","items":{"type":"integer"}}""")]
    [InlineData(ElementType.Bool, """{"type":"array","items":{"type":"boolean"}}""")]
    [InlineData(ElementType.Text, """{"type":"array","items":{"type":"string"}}""")]
    [InlineData(ElementType.UInt8, """{"type":"string"}""")]
    internal void An_array_is_one_of_values_and_bytes_are_base64(ElementType type, string expected)
    {
        Assert.Equal(expected, Schema(Describe("x", type, [2, 2])));
    }

    [Fact]
    public void Bytes_have_the_length_of_their_base64()
    {
        JsonPropertyInfo image = Property(Describe("image", ElementType.UInt8, [2, 2]));
        Assert.Equal(8, Attribute<LengthAttribute>(image).MinimumLength);
        Assert.NotNull(Attribute<Base64StringAttribute>(image));
    }

    [Fact]
    public void A_value_that_may_be_missing_may_be_null()
    {
        Assert.Equal("""{"type":["number","null"]}""", Schema(Describe("x", ElementType.Float32, [], missing: true)));
        Assert.Equal("""{"type":"array","items":{"type":["number","null"]}}""", Schema(Describe("x", ElementType.Float32, [2], missing: true)));
    }

    [Fact]
    public void An_array_of_any_size_has_no_length_and_a_size_that_cannot_be_told_may_stand_beside_it()
    {
        var contract = new ModelContract
        {
            Inputs = [Describe("image", ElementType.Float32, [~0, ~1])],
            Outputs = [],
            Axes = ["height", "width"],
            InputAxes = 2,
        };
        JsonTypeInfo row = Options(contract).GetTypeInfo(typeof(TheModelRow));
        Assert.Equal("Values, row-major of shape [height, width].", Attribute<DescriptionAttribute>(row.Properties[0]).Description);
        Assert.Empty(row.Properties[0].AttributeProvider!.GetCustomAttributes(typeof(LengthAttribute), inherit: false));
        Assert.Equal([("image", true), ("height", false), ("width", false)], row.Properties.Select(property => (property.Name, property.IsRequired)));
    }

    [Fact]
    public void A_model_with_a_tokenizer_takes_a_text()
    {
        var contract = new ModelContract { Inputs = [Describe("ids", ElementType.Int64, [~0])], Outputs = [], Axes = ["tokens"], InputAxes = 1, TakesText = true };
        JsonNode row = Options(contract).GetJsonSchemaAsNode(typeof(TheModelRow), Strict);
        Assert.Equal("""{"text":{"type":"string"}}""", row["properties"]!.ToJsonString());
    }

    [Fact]
    public void A_model_without_a_batch_takes_no_list_of_rows()
    {
        var contract = new ModelContract { Inputs = [Describe("x", ElementType.Float32, [2])], Outputs = [], IsBatched = false };
        JsonPropertyInfo property = Assert.Single(Options(contract).GetTypeInfo(typeof(TheModelRequest)).Properties);
        Assert.Equal(("x", true), (property.Name, property.IsRequired));
    }

    [Fact]
    public void An_input_that_is_called_rows_is_the_input()
    {
        JsonTypeInfo request = Options(Contract(Describe("rows", ElementType.Float32, [2]))).GetTypeInfo(typeof(TheModelRequest));
        Assert.Equal("rows", Assert.Single(request.Properties).Name);
    }

    [Theory]
    [InlineData("", "b")]
    [InlineData(" a", "b")]
    [InlineData("a,b", "b")]
    [InlineData("b", "B")]
    public void Labels_that_are_no_names_of_an_enumeration_are_any_string(string first, string second)
    {
        Assert.Equal("""{"type":"string"}""", Schema(Describe("x", ElementType.Int64, [], labels: [first, second])));
    }

    [Theory]
    [InlineData("/digits", "TheModelDigits")]
    [InlineData("TheModel", "TheModel")]
    [InlineData("/eu/{tenant}/the-model", "TheModelEuTenantTheModel")]
    public void An_operation_is_called_by_the_model_and_its_path(string path, string expected)
    {
        Assert.Equal(expected, EndpointDescription.Name(path));
    }

    private static TensorDescription Describe(
        string name,
        ElementType type,
        int[] shape,
        double? minimum = null,
        double? maximum = null,
        string unit = "",
        string description = "",
        bool missing = false,
        string[]? labels = null)
    {
        return new TensorDescription
        {
            Name = name,
            Type = type,
            Shape = shape,
            Minimum = minimum,
            Maximum = maximum,
            AllowsMissing = missing,
            Labels = labels ?? [],
            LabelType = labels is null ? null : LabelType.Of<WebLabels.TheModelLabelName>(),
            Unit = unit,
            Description = description,
        };
    }

    private static JsonSerializerOptions Options(ModelContract contract)
    {
        return new JsonSerializerOptions { TypeInfoResolverChain = { new BodyTypes(contract), ValueTypes.Resolver } };
    }

    private static ModelContract Contract(TensorDescription input)
    {
        return new ModelContract { Inputs = [input], Outputs = [] };
    }

    private static JsonPropertyInfo Property(TensorDescription input)
    {
        return Options(Contract(input)).GetTypeInfo(typeof(TheModelRow)).Properties[0];
    }

    private static string Schema(TensorDescription input)
    {
        JsonNode row = Options(Contract(input)).GetJsonSchemaAsNode(typeof(TheModelRow), Strict);
        return row["properties"]![input.Name]!.ToJsonString();
    }

    private static T Attribute<T>(JsonPropertyInfo property)
    {
        return Assert.IsType<T>(Assert.Single(property.AttributeProvider!.GetCustomAttributes(typeof(T), inherit: false)));
    }
}
