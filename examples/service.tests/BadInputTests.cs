using System.Net;

namespace Torch2DotNet.Service.Tests;

/// <summary>Invalid requests get a 4xx and an explanation.</summary>
public class BadInputTests(Service service) : IClassFixture<Service>
{
    [Theory]
    [InlineData("""{"pixels":[1,2]}""", "expected 64 values (one row, row-major of shape [8, 8]), got 2")]
    [InlineData("""{"pixels":[]}""", "expected 64 values (one row, row-major of shape [8, 8]), got 0")]
    [InlineData("""{"pixels":null}""", "$.pixels")]
    [InlineData("""{"pixels":[NaN]}""", "$.pixels[0]")]
    [InlineData("""{"pixels":["NaN"]}""", "$.pixels[0]")]
    [InlineData("""{"pixels":[null]}""", "$.pixels[0]")]
    [InlineData("""{"pixels":["seven"]}""", "$.pixels[0]")]
    [InlineData("""{"pixels":[1,""", "cannot be read")]
    [InlineData("""{"pixels":7}""", "$.pixels")]
    [InlineData("[]", "cannot be read")]
    [InlineData("{}", "cannot be read")]
    [InlineData("null", "cannot be read")]
    [InlineData("", "cannot be read")]
    public async Task A_row_is_refused(string body, string explanation)
    {
        Assert.Contains(explanation, await service.RefusedAsync("/predict", Service.Body(body), HttpStatusCode.BadRequest), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("17")]
    [InlineData("-0.5")]
    [InlineData("1e40")]
    public async Task A_number_outside_the_range_is_refused(string number)
    {
        string row = string.Join(',', Enumerable.Repeat("0", 63).Append(number));

        string sentence = await service.RefusedAsync("/predict", Service.Body($$"""{"pixels":[{{row}}]}"""), HttpStatusCode.BadRequest);

        Assert.Contains("expected numbers from 0 to 16", sentence, StringComparison.Ordinal);
        Assert.Contains("at index 63", sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"rows":[]}""", "expected 1 to 1024 rows, got 0")]
    [InlineData("""{"rows":null}""", "$.rows")]
    [InlineData("""{"rows":[null]}""", "rows[0]")]
    [InlineData("""{"rows":[[1]]}""", "rows[0]")]
    [InlineData("""{"rows":[[[1]]]}""", "$.rows[0][0]")]
    public async Task A_batch_is_refused(string body, string explanation)
    {
        Assert.Contains(explanation, await service.RefusedAsync("/predict/batch", Service.Body(body), HttpStatusCode.BadRequest), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Too_many_rows_are_refused()
    {
        string rows = string.Join(',', Enumerable.Repeat("[]", 1025));

        string sentence = await service.RefusedAsync("/predict/batch", Service.Body($$"""{"rows":[{{rows}}]}"""), HttpStatusCode.BadRequest);

        Assert.Contains("got 1025", sentence, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Too_large_a_body_is_refused(bool chunked)
    {
        string body = $$"""{"pixels":[{{new string(' ', 1 << 20)}}]}""";
        using HttpContent content = chunked ? new ChunkedContent(body) : Service.Body(body);

        string sentence = await service.RefusedAsync("/predict", content, HttpStatusCode.RequestEntityTooLarge);

        Assert.Contains("at most 1048576 bytes", sentence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_content_type_is_refused()
    {
        string sentence = await service.RefusedAsync("/predict", Service.Body("{}", "text/plain"), HttpStatusCode.UnsupportedMediaType);

        Assert.Contains("got text/plain", sentence, StringComparison.Ordinal);
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
