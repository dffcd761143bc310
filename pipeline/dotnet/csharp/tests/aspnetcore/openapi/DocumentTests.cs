namespace TheNamespace.Tests;

using System;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

public sealed class DocumentTests(Document document) : IClassFixture<Document>
{
    [Fact]
    public void The_operation_has_the_contracts_description_and_a_name_of_its_own()
    {
        Assert.Equal("Says how many there are.", (string?)document.Operation["summary"]);
        Assert.Equal("TheModelPredict", (string?)document.Operation["operationId"]);
        Assert.Equal("""["TheModel"]""", document.Operation["tags"]!.ToJsonString());
    }

    [Fact]
    public void Rows_come_as_json_or_a_row_a_line()
    {
        JsonNode content = document.Operation["requestBody"]!["content"]!;
        Assert.Equal(["application/json", "application/x-ndjson"], content.AsObject().Select(type => type.Key));
        Assert.Equal("""{"$ref":"#/components/schemas/TheModelRequest"}""", content["application/x-ndjson"]!["schema"]!.ToJsonString());
    }

    [Fact]
    public void Answers_and_errors_have_their_types()
    {
        string[] answers = [.. document.Operation["responses"]!.AsObject().SelectMany(
            answer => answer.Value!["content"]!.AsObject().Select(content => answer.Key + " " + content.Key + " " + content.Value!["schema"]!["$ref"]))];
        Assert.Equal(
            [
                "200 application/json #/components/schemas/TheModelResponse",
                "200 application/x-ndjson #/components/schemas/TheModelResponse",
                "400 application/problem+json #/components/schemas/ProblemDetails",
                "413 application/problem+json #/components/schemas/ProblemDetails",
                "415 application/problem+json #/components/schemas/ProblemDetails",
                "503 application/problem+json #/components/schemas/ProblemDetails",
            ],
            answers);
    }

    [Fact]
    public void A_row_has_its_inputs_and_nothing_else()
    {
        Same(
            """
            {
              "type": "object",
              "required": ["features"],
              "properties": {
                "features": {
                  "type": "array",
                  "items": {"type": "number", "format": "float"},
                  "minItems": 4,
                  "maxItems": 4,
                  "description": "4 values, row-major of shape [4]. Range: from -100 to 100."
                }
              },
              "additionalProperties": false
            }
            """,
            document.Schemas["TheModelRow"]!);
    }

    [Fact]
    public void A_request_is_a_row_or_a_list_of_rows()
    {
        JsonNode request = document.Schemas["TheModelRequest"]!;
        Assert.Null(request["required"]);
        Assert.Equal(["features", "rows"], request["properties"]!.AsObject().Select(property => property.Key));
        Assert.Equal("#/components/schemas/TheModelRow", (string?)request["properties"]!["rows"]!["items"]!["$ref"]);
    }

    [Fact]
    public void A_class_is_one_of_its_labels()
    {
        Assert.Equal("#/components/schemas/TheModelLabelName", (string?)document.Schemas["TheModelAnswer"]!["properties"]!["label"]!["$ref"]);
        Same("""{"enum": ["none", "few", "many"]}""", document.Schemas["TheModelLabelName"]!);
    }

    [Fact]
    public async Task It_is_the_same_without_json_reflection()
    {
        // As in a program that is compiled ahead of time: it has no resolver by reflection.
        JsonNode root = await Document.FetchAsync(
            services => services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Clear()), _ => { });
        Same(document.Schemas.ToJsonString(), root["components"]!["schemas"]!);
    }

    [Fact]
    public async Task Where_the_programs_json_options_are_locked_it_has_the_operation_alone()
    {
        JsonNode root = await Document.FetchAsync(
            services => services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Clear()),
            app => app.Services.GetRequiredService<IOptions<Microsoft.AspNetCore.Http.Json.JsonOptions>>().Value.SerializerOptions.MakeReadOnly());
        JsonNode operation = root["paths"]![Document.Path]!["post"]!;
        Assert.Equal("Says how many there are.", (string?)operation["summary"]);
        Assert.Null(operation["requestBody"]);
    }

    private static void Same(string expected, JsonNode actual)
    {
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), actual.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }
}
