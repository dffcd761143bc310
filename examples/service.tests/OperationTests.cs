using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Trace;

namespace Torch2DotNet.Service.Tests;

/// <summary>What operators and callers see beside the answers: health, metrics, the description of the requests.</summary>
public sealed class OperationTests(Service service) : IClassFixture<Service>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    public async Task It_is_healthy(string path)
    {
        Assert.Equal("Healthy", await service.Client.GetStringAsync(path, Cancellation));
    }

    [Theory]
    [InlineData("/health/ready", 0)]
    [InlineData("/nothing", 1)]
    public async Task The_program_asks_whether_a_service_is_ready(string path, int code)
    {
        var address = new Uri(service.Client.BaseAddress!, path);

        Assert.Equal(code, await Service.RunAsync("--is-ready", address.ToString()));
    }

    [Fact]
    public async Task OpenTelemetry_sees_the_models_rows_and_runs()
    {
        using HttpResponseMessage response = await service.Client.PostAsJsonAsync(
            "/digits", new { rows = new[] { new { pixels = Service.Seven }, new { pixels = Service.Seven } } }, Cancellation);

        string metrics = await service.Client.GetStringAsync("/metrics", Cancellation);

        Match rows = Regex.Match(metrics, @"^torch2dotnet_rows_total\{[^}]*otel_scope_name=""Torch2DotNet\.Digits""[^}]*\} (\d+)", RegexOptions.Multiline);
        Assert.True(rows.Success, metrics);
        Assert.True(int.Parse(rows.Groups[1].Value, CultureInfo.InvariantCulture) >= 2, rows.Value);
        Assert.Matches(@"torch2dotnet_run_duration_seconds_bucket\{[^}]*le=""0\.001""", metrics);
        Assert.Contains("service_name=\"digits\"", metrics, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("http://127.0.0.1:9", true)]
    public async Task Traces_are_made_where_somebody_gets_them(string? collector, bool expected)
    {
        await using var traced = new Service(new FakeModel().Replace, collector is null ? [] : [("OTEL_EXPORTER_OTLP_ENDPOINT", collector)]);

        Assert.Equal(expected, traced.Services.GetService<TracerProvider>() is not null);
    }

    [Fact]
    public async Task OpenApi_says_what_a_request_needs()
    {
        JsonElement document = await service.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Cancellation);

        Assert.Equal(["/digits"], document.GetProperty("paths").EnumerateObject().Select(path => path.Name));
        Assert.Equal("bearer", document.GetProperty("components").GetProperty("securitySchemes").GetProperty("ApiKey").GetProperty("scheme").GetString());
        Assert.True(document.GetProperty("security")[0].TryGetProperty("ApiKey", out _));
        string operation = document.GetProperty("paths").GetProperty("/digits").GetProperty("post").GetRawText();
        Assert.Contains("pixels", document.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("\"400\"", operation, StringComparison.Ordinal);
    }
}
