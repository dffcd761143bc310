using TheNamespace.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(EndpointHost))]

namespace TheNamespace.Tests;

using System;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Threading.RateLimiting;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

/// <summary>A service with endpoints of the model, on a port of Kestrel, that all tests share.</summary>
public sealed class EndpointHost : IAsyncLifetime
{
    public const string Row = """{"features": [1, 2, 3, 4]}""";

    private WebApplication? _app;

    public HttpClient Client { get; } = new();

    public FakeLogCollector Logs { get; } = new();

    public IServiceProvider Services => _app!.Services;

    /// <summary>A program on a port of its own, not built.</summary>
    public static WebApplicationBuilder CreateBuilder()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        return builder;
    }

    public async ValueTask InitializeAsync()
    {
        WebApplicationBuilder builder = CreateBuilder();
        builder.Logging.AddProvider(new FakeLoggerProvider(Logs));
        builder.Services.AddTheModel(options => options.IntraOpNumThreads = 1);
        builder.Services.AddKeyedTheModel("busy", options => (options.IntraOpNumThreads, options.MaxConcurrency, options.MaxQueue) = (1, 1, 1));
        builder.Services.AddKeyedScoped<ITheModel, FakeModel>("fake");
        builder.Services.AddAuthentication("none").AddCookie("none", options => options.Events.OnRedirectToLogin = context =>
        {
            context.Response.StatusCode = 401;
            return Task.CompletedTask;
        });
        builder.Services.AddAuthorization();
        builder.Services.AddCors(options => options.AddPolicy("site", policy => policy.WithOrigins("http://site.example")));
        builder.Services.AddRateLimiter(options => options.AddConcurrencyLimiter("none", limiter => (limiter.PermitLimit, limiter.QueueLimit) = (1, 0)));
        _app = builder.Build();
        _app.UseCors();
        _app.UseAuthentication().UseAuthorization();
        _app.UseRateLimiter();
        _app.MapTheModel("/predict");
        _app.MapTheModel("/batched", options => options.MicroBatching = true);
        _app.MapTheModel("/busy", options => options.Key = "busy");
        _app.MapTheModel("/fake", options => options.Key = "fake");
        _app.MapTheModel("/small", options => (options.MaxRows, options.MaxBodyBytes, options.MaxStreamBytes) = (2, 100, 200));
        _app.MapTheModel("/secured").RequireAuthorization();
        _app.MapTheModel("/limited", options => options.Key = "fake").RequireRateLimiting("none");
        _app.MapTheModel("/cors").RequireCors("site");
        _app.MapTheModel("/filtered").AddEndpointFilter(async (context, next) =>
        {
            context.HttpContext.Response.Headers["X-Filtered"] = "yes";
            return await next(context);
        });
        _app.MapGroup("/group").MapTheModel("/predict");
        await _app.StartAsync(TestLimits.Token);
        Client.BaseAddress = new Uri(_app.Urls.First());
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    public Task<HttpResponseMessage> PostAsync(string path, string body, string type = "application/json")
    {
        return PostAsync(path, new ByteArrayContent(Encoding.UTF8.GetBytes(body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } });
    }

    public async Task<HttpResponseMessage> PostAsync(string path, HttpContent body)
    {
        using (body)
        {
            return await Client.PostAsync(path, body, TestLimits.Token);
        }
    }

    /// <summary>The problem details of an answer, which must be such.</summary>
    public static async Task<JsonElement> ReadProblemAsync(HttpResponseMessage answer, int status)
    {
        string text = await answer.Content.ReadAsStringAsync(TestLimits.Token);
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.ToString());
        JsonElement problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        return problem;
    }

    public async Task<string> FailAsync(string path, string body, int status, string type = "application/json")
    {
        using HttpResponseMessage answer = await PostAsync(path, body, type);
        return (await ReadProblemAsync(answer, status)).GetProperty("detail").GetString()!;
    }
}
