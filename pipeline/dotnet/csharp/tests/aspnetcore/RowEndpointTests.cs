namespace TheNamespace.Tests;

using System;
using System.Linq;
using System.Net.Http;
using System.Text;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

public sealed class RowEndpointTests
{
    [Fact]
    public async Task A_row_is_answered()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddTheModel();
        await using WebApplication app = builder.Build();
        app.MapTheModel("/predict");
        await app.StartAsync(TestContext.Current.CancellationToken);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        using var body = new StringContent("""{"features": [1, 2, 3, 4]}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await client.PostAsync("/predict", body, TestContext.Current.CancellationToken);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("{\"label\":\"few\",\"scores\":[", text, StringComparison.Ordinal);
    }
}
