namespace TheNamespace.Tests;

using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Xunit;

/// <summary>A program that serves the sample model twice by the protocol, on a real port; for all tests of a class.</summary>
public sealed class OpenInferenceService : IAsyncLifetime
{
    internal const int MaxBody = 4096;

    private WebApplication? _app;
    private HttpClient? _client;

    /// <summary>Whether the program's own health check says that it is ready.</summary>
    internal bool IsHealthy { get; set; } = true;

    internal HttpClient Client => _client!;

    /// <summary>What is mapped.</summary>
    internal IEnumerable<RouteEndpoint> Endpoints => _app!.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    public async ValueTask InitializeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(server => server.Limits.MaxRequestBodySize = MaxBody);
        builder.Logging.ClearProviders();
        builder.Services.AddTheModel();
        builder.Services.AddHealthChecks().AddCheck("own", () => IsHealthy ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(), ["ready"]);
        builder.Services.AddKeyedScoped<ITheModel, FakeModel>("fake");
        _app = builder.Build();
        _app.MapTheModelOpenInference().WithMetadata("mark");
        _app.MapTheModelOpenInference(options => (options.ModelName, options.ModelVersion) = ("second {model}", "1"));
        _app.MapTheModelOpenInference(options => (options.ModelName, options.Key, options.MaxRows) = ("fake", "fake", 2));
        await _app.StartAsync();
        _client = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        await _app!.DisposeAsync();
    }

    /// <summary>Asks, and checks the status.</summary>
    /// <returns>The answer's JSON.</returns>
    internal async Task<JsonElement> GetAsync(string path, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using HttpResponseMessage answer = await Client.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        return await ReadAsync(answer, expected);
    }

    internal async Task<JsonElement> InferAsync(string json, HttpStatusCode expected = HttpStatusCode.OK, string path = "/v2/models/the model/infer")
    {
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await Client.PostAsync(new Uri(path, UriKind.Relative), body, TestContext.Current.CancellationToken);
        return await ReadAsync(answer, expected);
    }

    internal static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, HttpStatusCode expected)
    {
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(expected == answer.StatusCode, answer.StatusCode + ": " + text);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(Encoding.UTF8.GetByteCount(text), answer.Content.Headers.ContentLength);
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>A request whose binary tensors stand behind the JSON.</summary>
    internal static HttpRequestMessage Binary(string json, byte[] tensors, int? headerLength = null)
    {
        byte[] header = Encoding.UTF8.GetBytes(json);
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v2/models/the model/infer", UriKind.Relative))
        {
            Content = new ByteArrayContent([.. header, .. tensors]),
        };
        request.Headers.Add("Inference-Header-Content-Length", (headerLength ?? header.Length).ToString(System.Globalization.CultureInfo.InvariantCulture));
        return request;
    }
}
