using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;

namespace Torch2DotNet.Service.Tests;

/// <summary>Invalid requests get a 4xx and an explanation.</summary>
public sealed class BadInputTests(Service service) : IClassFixture<Service>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"pixels":[1,2]}""", "pixels: expected 64 values")]
    [InlineData("""{"pixels":[]}""", "pixels: expected 64 values")]
    [InlineData("""{"pixels":null}""", "pixels")]
    [InlineData("""{"pixels":[1,"seven"]}""", "pixels: expected numbers from 0 to 16, got \"seven\" at index 1")]
    [InlineData("""{"pixels":[null]}""", "pixels: expected numbers from 0 to 16, got null at index 0")]
    [InlineData("""{"pixels":7}""", "pixels")]
    [InlineData("""{"pixel":[1,2]}""", "\"pixel\"")]
    [InlineData("""{"pixels":[1,""", "JSON")]
    [InlineData("{}", "pixels")]
    [InlineData("null", "got")]
    [InlineData("", "got")]
    [InlineData("""{"rows":[]}""", "rows")]
    [InlineData("""{"rows":null}""", "rows")]
    [InlineData("""{"rows":[null]}""", "rows[0]")]
    [InlineData("""{"rows":[{"pixels":[1,2]}]}""", "rows[0]")]
    public async Task A_row_is_refused(string body, string explanation)
    {
        Assert.Contains(explanation, await service.RefusedAsync("/digits", Service.Body(body), HttpStatusCode.BadRequest), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("17", "from 0 to 16")]
    [InlineData("-0.5", "from 0 to 16")]
    [InlineData("1e40", "finite numbers")]
    public async Task A_number_that_no_pixel_has_is_refused_with_its_index(string number, string expected)
    {
        string row = string.Join(',', Enumerable.Repeat("0", 63).Append(number));

        string sentence = await service.RefusedAsync("/digits", Service.Body($$"""{"pixels":[{{row}}]}"""), HttpStatusCode.BadRequest);

        Assert.StartsWith("pixels: expected ", sentence, StringComparison.Ordinal);
        Assert.Contains(expected, sentence, StringComparison.Ordinal);
        Assert.Contains(number, sentence, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("at index 63", sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Too_large_a_body_is_refused(bool chunked)
    {
        string body = $$"""{"pixels":[{{new string(' ', 1 << 20)}}]}""";
        using HttpContent content = chunked ? new ChunkedContent(body) : Service.Body(body);

        string sentence = await service.RefusedAsync("/digits", content, HttpStatusCode.RequestEntityTooLarge);

        Assert.Contains("1048576 bytes", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_body_that_is_too_large_the_next_is_answered()
    {
        await service.RefusedAsync("/digits", Service.Body(new string(' ', (1 << 20) + 1)), HttpStatusCode.RequestEntityTooLarge);

        using HttpResponseMessage response = await service.AskAsync(Service.Seven, Cancellation);

        Assert.Equal("7", (await response.Content.ReadFromJsonAsync<Answer>(Cancellation))?.Label);
    }

    [Fact]
    public async Task A_row_that_is_refused_keeps_the_connection()
    {
        int connections = 0;
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellation) =>
            {
                connections++;
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var client = new HttpClient(handler) { BaseAddress = service.Client.BaseAddress };
        client.DefaultRequestHeaders.Authorization = service.Client.DefaultRequestHeaders.Authorization;

        for (int i = 0; i < 3; i++)
        {
            using HttpResponseMessage response = await client.PostAsync("/digits", Service.Body("""{"pixels":[1]}"""), Cancellation);
            await Service.ExplanationAsync(response, HttpStatusCode.BadRequest);
        }

        Assert.Equal(1, connections);
    }

    [Fact]
    public async Task Another_content_type_is_refused()
    {
        string sentence = await service.RefusedAsync("/digits", Service.Body("{}", "text/plain"), HttpStatusCode.UnsupportedMediaType);

        Assert.Contains("text/plain", sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nothing", HttpStatusCode.NotFound)]
    [InlineData("/health/nothing", HttpStatusCode.NotFound)]
    [InlineData("/openapi/v1.json", HttpStatusCode.MethodNotAllowed)]
    public async Task Another_address_is_refused(string path, HttpStatusCode expected)
    {
        await service.RefusedAsync(path, Service.Body("{}"), expected);
    }

    /// <summary>A body without Content-Length, which is sent in chunks.</summary>
    private sealed class ChunkedContent : StringContent
    {
        public ChunkedContent(string text)
            : base(text, System.Text.Encoding.UTF8, "application/json")
        {
            Headers.ContentLength = null;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
