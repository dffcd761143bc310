namespace TheNamespace.Tests;

using System;
using System.Linq;
using System.Net;
using System.Text.Json;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

public sealed class OpenInferenceRoutesTests(OpenInferenceService service) : IClassFixture<OpenInferenceService>
{
    [Fact]
    public async Task The_server_says_what_it_is()
    {
        JsonElement server = await service.GetAsync("/v2");
        Assert.Equal(AppDomain.CurrentDomain.FriendlyName, server.GetProperty("name").GetString());
        Assert.Equal("1.0.0", server.GetProperty("version").GetString());
        Assert.Equal("binary_tensor_data", Assert.Single(server.GetProperty("extensions").EnumerateArray()).GetString());
    }

    [Fact]
    public async Task The_server_lives()
    {
        Assert.True((await service.GetAsync("/v2/health/live")).GetProperty("live").GetBoolean());
    }

    [Fact]
    public async Task The_server_is_ready_when_the_program_is()
    {
        Assert.True((await service.GetAsync("/v2/health/ready")).GetProperty("ready").GetBoolean());
        service.IsHealthy = false;
        Assert.False((await service.GetAsync("/v2/health/ready", HttpStatusCode.BadRequest)).GetProperty("ready").GetBoolean());
        JsonElement model = await service.GetAsync("/v2/models/the model/ready");
        service.IsHealthy = true;
        Assert.Equal("the model", model.GetProperty("name").GetString());
        Assert.True(model.GetProperty("ready").GetBoolean());
    }

    [Theory]
    [InlineData("/v2/models/the model")]
    [InlineData("/v2/models/the%20model/versions/1.0.0")]
    public async Task The_model_says_what_it_takes(string path)
    {
        JsonElement model = await service.GetAsync(path);
        Assert.Equal(
            """{"name":"the model","versions":["1.0.0"],"platform":"onnxruntime_onnx","inputs":[{"name":"features","datatype":"FP32","shape":[-1,4]}],"""
            + "\"outputs\":" + """[{"name":"label","datatype":"INT64","shape":[-1],"parameters":{"labels":["none","few","many"]}},"""
            + """{"name":"scores","datatype":"FP32","shape":[-1,3],"parameters":{"labels":["none","few","many"]}}]}""",
            model.GetRawText());
    }

    [Fact]
    public async Task Two_models_share_the_server()
    {
        JsonElement model = await service.GetAsync("/v2/models/second {model}/versions/1");
        Assert.Equal("second {model}", model.GetProperty("name").GetString());
        Assert.Equal("1", Assert.Single(model.GetProperty("versions").EnumerateArray()).GetString());
    }

    [Theory]
    [InlineData("/v2/models/third", 404, "Expected the name of a model that is served here, got \"third\".")]
    [InlineData("/v2/models/third/versions/1/ready", 404, "Expected the name of a model that is served here, got \"third\".")]
    [InlineData("/v2/models/the model/versions/2", 404, "Expected version \"1.0.0\" of the model \"the model\", got \"2\".")]
    [InlineData("/v2/models/second {model}/versions/1.0.0/ready", 404, "Expected version \"1\" of the model \"second {model}\", got \"1.0.0\".")]
    [InlineData("/v2/models/the model/config", 404, "Expected GET for the metadata of the model \"the model\", GET …/ready or POST …/infer, got GET …/config.")]
    [InlineData("/v2/models/the model/infer", 405, "Expected GET for the metadata of the model \"the model\", GET …/ready or POST …/infer, got GET …/infer.")]
    public async Task What_is_not_there_is_an_error_of_the_protocol(string path, int status, string sentence)
    {
        JsonElement answer = await service.GetAsync(path, (HttpStatusCode)status);
        Assert.Equal(sentence, answer.GetProperty("error").GetString());
    }

    [Fact]
    public void Conventions_are_those_of_all_routes()
    {
        string?[] marked = [.. service.Endpoints.Where(endpoint => endpoint.Metadata.Contains("mark")).Select(endpoint => endpoint.RoutePattern.RawText)];
        Assert.Contains("/v2/health/live", marked);
        Assert.Contains("/v2/models/the model/versions/1.0.0/infer", marked);
        Assert.Equal(13, marked.Length);
    }

    [Fact]
    public void No_route_is_in_the_OpenAPI_document()
    {
        Assert.All(service.Endpoints, endpoint => Assert.True(endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>()?.ExcludeFromDescription));
    }

    [Fact]
    public async Task A_model_that_is_not_registered_is_not_mapped()
    {
        await using WebApplication app = WebApplication.CreateSlimBuilder().Build();
        Assert.Contains("AddTheModel()", Assert.Throws<InvalidOperationException>(() => app.MapTheModelOpenInference()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_option_that_is_out_of_its_range_is_refused()
    {
        await using WebApplication app = Create();
        Assert.Throws<ArgumentException>(() => app.MapTheModelOpenInference(options => options.MaxRows = 0));
    }

    [Fact]
    public async Task A_model_is_mapped_once_by_a_name()
    {
        await using WebApplication app = Create();
        app.MapTheModelOpenInference();
        ArgumentException error = Assert.Throws<ArgumentException>(() => app.MapTheModelOpenInference(options => options.ModelName = "THE model"));
        Assert.StartsWith("Expected another name for each model of the Open Inference Protocol, got \"THE model\" twice", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b")]
    [InlineData("what?")]
    [InlineData("..")]
    public async Task A_name_can_stand_in_a_path(string name)
    {
        await using WebApplication app = Create();
        ArgumentException error = Assert.Throws<ArgumentException>(() => app.MapTheModelOpenInference(options => options.ModelName = name));
        Assert.StartsWith(
            "Expected a name that can stand between two slashes of a path, got \"" + name + "\": set options.ModelName.", error.Message, StringComparison.Ordinal);
    }

    private static WebApplication Create()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddTheModel();
        return builder.Build();
    }
}
