namespace TheNamespace.Tests;

using System.Net.Http;
using System.Text;
using System.Threading.Tasks;
using Xunit;

/// <summary>What is added to endpoints of the model as to any other.</summary>
public sealed class EndpointConventionTests(EndpointHost host)
{
    [Fact]
    public async Task Authorization()
    {
        using HttpResponseMessage answer = await host.PostAsync("/secured", EndpointHost.Row);
        Assert.Equal(401, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Rate_limiting()
    {
        Task<HttpResponseMessage> first = host.PostAsync("/limited", """{"features": [7, 0, 0, 0]}""");
        await FakeModel.BegunLimited.WaitAsync(TestLimits.Token);
        using HttpResponseMessage answer = await host.PostAsync("/limited", EndpointHost.Row);
        FakeModel.OpenLimited.Release();
        Assert.Equal(503, (int)answer.StatusCode);
        Assert.Equal(200, (int)(await first).StatusCode);
    }

    [Fact]
    public async Task Cross_origin_requests()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/cors") { Content = new StringContent(EndpointHost.Row, Encoding.UTF8, "application/json") };
        request.Headers.Add("Origin", "http://site.example");
        using HttpResponseMessage answer = await host.Client.SendAsync(request, TestLimits.Token);
        Assert.Equal(["http://site.example"], answer.Headers.GetValues("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task Filters()
    {
        using HttpResponseMessage answer = await host.PostAsync("/filtered", EndpointHost.Row);
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal(["yes"], answer.Headers.GetValues("X-Filtered"));
    }
}
