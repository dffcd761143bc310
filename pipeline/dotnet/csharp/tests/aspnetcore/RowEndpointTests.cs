namespace TheNamespace.Tests;

using System;
using System.Linq;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

public sealed class RowEndpointTests(EndpointHost host)
{
    private const string Answer = "{\"label\":\"few\",\"scores\":[";

    [Theory]
    [InlineData("/predict", "application/json")]
    [InlineData("/predict", "application/json; charset=utf-8")]
    [InlineData("/predict", "application/json; charset=\"UTF-8\"")]
    [InlineData("/predict", "application/vnd.acme+json")]
    [InlineData("/batched", "application/json")]
    [InlineData("/busy", "application/json")]
    [InlineData("/group/predict", "application/json")]
    public async Task A_row_is_answered(string path, string type)
    {
        using HttpResponseMessage answer = await host.PostAsync(path, EndpointHost.Row, type);
        string text = await answer.Content.ReadAsStringAsync(TestLimits.Token);
        Assert.StartsWith(Answer, text, StringComparison.Ordinal);
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal(text.Length, answer.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData("/predict")]
    [InlineData("/batched")]
    public async Task Rows_are_answered_in_their_order(string path)
    {
        using HttpResponseMessage answer = await host.PostAsync(path, """{"rows": [{"features": [0, 0, 0, 0]}, {"features": [1, 2, 3, 4]}]}""");
        string text = await answer.Content.ReadAsStringAsync(TestLimits.Token);
        using HttpResponseMessage second = await host.PostAsync("/predict", EndpointHost.Row);
        Assert.StartsWith("{\"rows\":[{\"label\":", text, StringComparison.Ordinal);
        Assert.EndsWith("," + await second.Content.ReadAsStringAsync(TestLimits.Token) + "]}", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_in_the_models_place_may_be_of_each_request()
    {
        int before = FakeModel.Created;
        (await host.PostAsync("/fake", EndpointHost.Row.Replace('1', '0'))).EnsureSuccessStatusCode().Dispose();
        (await host.PostAsync("/fake", EndpointHost.Row.Replace('1', '0'))).EnsureSuccessStatusCode().Dispose();
        Assert.True(FakeModel.Created >= before + 2);
    }

    [Fact]
    public async Task A_caller_that_hangs_up_ends_its_run_and_nothing_is_logged()
    {
        using var stop = new CancellationTokenSource();
        using var body = new StringContent("""{"features": [6, 0, 0, 0]}""", null, "application/json");
        Task<HttpResponseMessage> call = host.Client.PostAsync("/fake", body, stop.Token);
        await FakeModel.Begun.WaitAsync(TestLimits.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await FakeModel.Cancelled.WaitAsync(TestLimits.Time, TestLimits.Token);
        Assert.DoesNotContain(host.Logs.GetSnapshot(), record => record.Exception is OperationCanceledException);
    }
}
