namespace TheNamespace.Tests;

using System;
using System.Linq;
using System.Net.Http;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

/// <summary>The OpenAPI document of a program that has mapped the model.</summary>
public sealed class Document : IAsyncLifetime
{
    internal const string Path = "/predict";

    internal JsonNode Operation => Root["paths"]![Path]!["post"]!;

    internal JsonNode Schemas => Root["components"]!["schemas"]!;

    private JsonNode Root { get; set; } = new JsonObject();

    public async ValueTask InitializeAsync()
    {
        Root = await FetchAsync(_ => { }, _ => { });
    }

    public ValueTask DisposeAsync()
    {
        return ValueTask.CompletedTask;
    }

    internal static async Task<JsonNode> FetchAsync(Action<IServiceCollection> register, Action<WebApplication> beforeMapping)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddTheModel();
        builder.Services.AddOpenApi();
        register(builder.Services);
        await using WebApplication app = builder.Build();
        beforeMapping(app);
        app.MapTheModel(Path);
        app.MapOpenApi();
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        string text = await client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), TestContext.Current.CancellationToken);
        JsonNode root = JsonNode.Parse(text)!;
        // It has the port.
        root.AsObject().Remove("servers");
        return root;
    }
}
