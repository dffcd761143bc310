namespace TheNamespace.Tests;

using System;
using System.Linq;
using System.Net.Http;
using System.Text;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

public sealed class EndpointMappingTests
{
    [Fact]
    public async Task Without_the_model_it_says_so_when_it_is_mapped()
    {
        await using WebApplication app = EndpointHost.CreateBuilder().Build();
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => app.MapTheModel("/predict"));
        Assert.Equal("Expected the services to have ITheModel, got none: call builder.Services.AddTheModel() before builder.Build().", error.Message);
    }

    [Fact]
    public async Task Without_the_keyed_model_it_says_so_when_it_is_mapped()
    {
        WebApplicationBuilder builder = EndpointHost.CreateBuilder();
        builder.Services.AddTheModel(options => options.WarmUp = false);
        await using WebApplication app = builder.Build();
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => app.MapTheModel("/predict", options => options.Key = "eu"));
        Assert.Equal(
            "Expected the services to have ITheModel with the key \"eu\", got none: call builder.Services.AddKeyedTheModel(\"eu\") before builder.Build().",
            error.Message);
    }

    [Theory]
    [InlineData("/predict", "predict/")]
    [InlineData("/v1/predict", "/V1/predict")]
    public async Task Two_endpoints_on_one_path_stop_the_program_at_start(string first, string second)
    {
        WebApplicationBuilder builder = EndpointHost.CreateBuilder();
        builder.Services.AddTheModel(options => options.WarmUp = false);
        await using WebApplication app = builder.Build();
        app.MapTheModel(first);
        app.MapGroup("/").MapTheModel(second);
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => app.StartAsync(TestLimits.Token));
        Assert.Equal($"Expected one model on POST {first}, got the model and the model: map each to a path of its own.", error.Message);
    }

    [Fact]
    public async Task Two_models_on_one_path_stop_the_program_at_start()
    {
        WebApplicationBuilder builder = EndpointHost.CreateBuilder();
        builder.Services.AddTheModel(options => options.WarmUp = false).AddTwin(options => options.WarmUp = false);
        await using WebApplication app = builder.Build();
        app.MapTheModel("/predict");
        app.MapTwin("/predict");
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => app.StartAsync(TestLimits.Token));
        Assert.Equal("Expected one model on POST /predict, got the model and twin: map each to a path of its own.", error.Message);
    }

    [Fact]
    public async Task Prefixes_of_groups_and_hosts_tell_endpoints_apart()
    {
        WebApplicationBuilder builder = EndpointHost.CreateBuilder();
        builder.Services.AddTheModel(options => options.WarmUp = false);
        await using WebApplication app = builder.Build();
        app.MapTheModel("/predict");
        app.MapGroup("/v1").MapTheModel("/predict");
        app.MapTheModel("/hosted").RequireHost("a.example");
        app.MapTheModel("/hosted").RequireHost("b.example");
        await app.StartAsync(TestLimits.Token);
        await app.StopAsync(TestLimits.Token);
    }

    [Fact]
    public async Task Mapping_does_not_load_the_model()
    {
        WebApplicationBuilder builder = EndpointHost.CreateBuilder();
        builder.Services.AddTheModel(options => (options.WarmUp, options.ModelPath) = (false, "missing.onnx"));
        await using WebApplication app = builder.Build();
        app.MapTheModel("/predict");
        await app.StartAsync(TestLimits.Token);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        using var body = new StringContent(EndpointHost.Row, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await client.PostAsync(new Uri("/predict", UriKind.Relative), body, TestLimits.Token);
        await EndpointHost.ReadProblemAsync(answer, 500);
    }

    [Fact]
    public async Task A_program_that_stops_answers_what_it_took()
    {
        WebApplicationBuilder builder = EndpointHost.CreateBuilder();
        builder.Services.AddScoped<ITheModel, FakeModel>();
        await using WebApplication app = builder.Build();
        app.MapTheModel("/predict");
        await app.StartAsync(TestLimits.Token);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        using var body = new StringContent("""{"features": [8, 0, 0, 0]}""", Encoding.UTF8, "application/json");
        Task<HttpResponseMessage> call = client.PostAsync(new Uri("/predict", UriKind.Relative), body, TestLimits.Token);
        await FakeModel.BegunStopping.WaitAsync(TestLimits.Token);
        Task stop = app.StopAsync(TestLimits.Token);
        FakeModel.OpenStopping.Release();
        using HttpResponseMessage answer = await call;
        Assert.Equal(200, (int)answer.StatusCode);
        await stop;
    }

    [Theory]
    [InlineData("Key", "")]
    [InlineData("MaxRows", 0)]
    [InlineData("MaxBodyBytes", 0L)]
    [InlineData("MaxStreamBytes", -1L)]
    [InlineData("MaxWait", 0)]
    public void An_option_out_of_its_range_is_refused(string name, object value)
    {
        var options = new TheModelEndpointOptions();
        typeof(TheModelEndpointOptions).GetProperty(name)!.SetValue(options, name == "MaxWait" ? TimeSpan.Zero : value);
        ArgumentException error = Assert.Throws<ArgumentException>(() => options.Checked("configure"));
        Assert.StartsWith("TheModelEndpointOptions." + name + ": expected ", error.Message, StringComparison.Ordinal);
    }
}
