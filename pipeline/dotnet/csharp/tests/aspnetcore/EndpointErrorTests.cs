namespace TheNamespace.Tests;

using System;
using System.Globalization;
using System.IO;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

public sealed class EndpointErrorTests(EndpointHost host)
{
    private static readonly string LongBody = "{\"features\": [1, 2, 3, 4]" + new string(' ', 200) + "}";

    [Fact]
    public async Task A_body_that_is_not_JSON_is_a_bad_request()
    {
        Assert.Contains("JSON", await host.FailAsync("/predict", "nonsense", 400), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_connection_goes_on_after_a_refusal()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(host.Client.BaseAddress!.Host, host.Client.BaseAddress.Port, TestLimits.Token);
        NetworkStream stream = client.GetStream();
        using var reader = new StreamReader(stream);
        foreach (string body in new[] { "nonsense", "nonsense", EndpointHost.Row })
        {
            await stream.WriteAsync(
                Encoding.ASCII.GetBytes($"POST /predict HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"),
                TestLimits.Token);
            Assert.Equal(body == "nonsense" ? "HTTP/1.1 400 Bad Request" : "HTTP/1.1 200 OK", await reader.ReadLineAsync(TestLimits.Token));
            int length = 0;
            while (await reader.ReadLineAsync(TestLimits.Token) is { Length: > 0 } header)
            {
                const string name = "Content-Length: ";
                length = header.StartsWith(name, StringComparison.Ordinal) ? int.Parse(header[name.Length..], CultureInfo.InvariantCulture) : length;
            }

            await reader.ReadBlockAsync(new char[length], TestLimits.Token);
        }
    }

    [Fact]
    public async Task A_refusal_says_where()
    {
        using HttpResponseMessage answer = await host.PostAsync("/fake", """{"features": [5, 0, 0, 0]}""");
        JsonElement problem = await EndpointHost.ReadProblemAsync(answer, 400);
        Assert.Equal("rows[3]: features: expected less, got 5 at index 2.", problem.GetProperty("detail").GetString());
        Assert.Equal(3, problem.GetProperty("row").GetInt32());
        Assert.Equal("features", problem.GetProperty("field").GetString());
        Assert.Equal(2, problem.GetProperty("index").GetInt32());
        Assert.Equal("Bad Request", problem.GetProperty("title").GetString());
        Assert.Equal("https://tools.ietf.org/html/rfc9110#section-15.5.1", problem.GetProperty("type").GetString());
        Assert.NotEmpty(problem.GetProperty("traceId").GetString()!);
    }

    [Fact]
    public async Task A_list_of_too_many_rows_is_refused()
    {
        string row = """{"features": [1,2,3,4]}""";
        Assert.Equal(
            "rows: expected at most 2 rows, got more: send them in several requests.", await host.FailAsync("/small", $$"""{"rows": [{{row}}, {{row}}, {{row}}]}""", 400));
    }

    [Theory]
    [InlineData("text/plain", "got text/plain.")]
    [InlineData("application/json; charset=utf-16", "got application/json; charset=utf-16.")]
    [InlineData("application/xml", "got application/xml.")]
    public async Task Another_type_is_refused(string type, string got)
    {
        string detail = await host.FailAsync("/predict", EndpointHost.Row, 415, type);
        Assert.StartsWith("Expected a Content-Type of application/json", detail, StringComparison.Ordinal);
        Assert.EndsWith(got, detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_without_a_type_is_refused()
    {
        using HttpResponseMessage answer = await host.PostAsync("/predict", new ByteArrayContent("{}"u8.ToArray()));
        Assert.EndsWith("got none.", (await EndpointHost.ReadProblemAsync(answer, 415)).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_compressed_body_is_refused()
    {
        var body = new StringContent(EndpointHost.Row, Encoding.UTF8, "application/json") { Headers = { ContentEncoding = { "gzip" } } };
        using HttpResponseMessage answer = await host.PostAsync("/predict", body);
        Assert.EndsWith(
            "got a body with Content-Encoding gzip.", (await EndpointHost.ReadProblemAsync(answer, 415)).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_too_long_is_refused_with_the_limit()
    {
        Assert.StartsWith("Expected a body of at most 100 bytes, got more:", await host.FailAsync("/small", LongBody, 413), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_in_chunks_that_is_too_long_is_refused_with_the_limit()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/small") { Content = new StringContent(LongBody, Encoding.UTF8, "application/json") };
        request.Headers.TransferEncodingChunked = true;
        using HttpResponseMessage answer = await host.Client.SendAsync(request, TestLimits.Token);
        Assert.StartsWith(
            "Expected a body of at most 100 bytes", (await EndpointHost.ReadProblemAsync(answer, 413)).GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(FakeModel.QueueFull, "Expected at most 8 rows in the queue, got one more.")]
    [InlineData(FakeModel.Disposed, "This service is stopping: send the request again, to another of its instances.")]
    public async Task A_model_that_cannot_take_the_row_asks_to_come_again(float first, string detail)
    {
        using HttpResponseMessage answer = await host.PostAsync("/fake", $$"""{"features": [{{first}}, 0, 0, 0]}""");
        Assert.Equal(detail, (await EndpointHost.ReadProblemAsync(answer, 503)).GetProperty("detail").GetString());
        Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter?.Delta);
    }

    [Fact]
    public async Task A_model_that_fails_says_so_to_the_log_alone()
    {
        string detail = await host.FailAsync("/fake", """{"features": [2, 0, 0, 0]}""", 500);
        Assert.Equal("The model could not answer: the service's log says why.", detail);
        Assert.Contains(host.Logs.GetSnapshot(), record =>
            record.Id.Id == 8 && record.Exception is TheModelException && record.Message == "the model could not answer POST /fake.");
    }

    [Fact]
    public async Task An_exception_of_the_programs_own_is_left_to_it()
    {
        using HttpResponseMessage answer = await host.PostAsync("/fake", """{"features": [4, 0, 0, 0]}""");
        Assert.Equal(500, (int)answer.StatusCode);
        Assert.Equal(0, answer.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Another_method_is_the_routings()
    {
        using HttpResponseMessage answer = await host.Client.GetAsync(new Uri("/predict", UriKind.Relative), TestLimits.Token);
        Assert.Equal(405, (int)answer.StatusCode);
        Assert.Equal(["POST"], answer.Content.Headers.Allow);
    }
}
