namespace TheNamespace.Tests;

using System;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

public sealed class InferTests(OpenInferenceService service) : IClassFixture<OpenInferenceService>
{
    private const string Two = """{"name":"features","datatype":"FP32","shape":[2,4],"data":[1,2,3,4,5,6,7,8]}""";
    private const string Binary = """{"name":"features","datatype":"FP32","shape":[2,4],"parameters":{"binary_data_size":32}}""";

    private static byte[] Bytes => MemoryMarshal.AsBytes<float>([1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f]).ToArray();

    [Theory]
    [InlineData(Two)]
    [InlineData("""{"name":"features","datatype":"FP32","shape":[2,4],"data":[[1,2.0,3,4],[5e0,6,7,8]]}""")]
    [InlineData("""{"data":[1,2,3,4,5,6,7,8],"more":{"a":[]},"shape":[2,4],"parameters":{"a":1},"datatype":"FP32","name":"features"}""")]
    public async Task Tensors_in_JSON_are_answered_in_JSON(string tensor)
    {
        JsonElement answer = await service.InferAsync("""{"id":"a \" b","inputs":[#]}""".Replace("#", tensor, StringComparison.Ordinal));
        Assert.Equal("the model", answer.GetProperty("model_name").GetString());
        Assert.Equal("1.0.0", answer.GetProperty("model_version").GetString());
        Assert.Equal("a \" b", answer.GetProperty("id").GetString());
        CheckOutputs(answer);
    }

    [Fact]
    public async Task Binary_tensors_are_answered_in_binary()
    {
        using HttpRequestMessage request = OpenInferenceService.Binary("""{"inputs":[#],"parameters":{"binary_data_output":true}}""".Replace("#", Binary, StringComparison.Ordinal), Bytes);
        using HttpResponseMessage answer = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        byte[] body = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("application/octet-stream", answer.Content.Headers.ContentType?.MediaType);
        int jsonLength = int.Parse(Assert.Single(answer.Headers.GetValues("Inference-Header-Content-Length")), System.Globalization.CultureInfo.InvariantCulture);
        JsonElement outputs = JsonDocument.Parse(body.AsMemory(0, jsonLength)).RootElement.GetProperty("outputs");
        Assert.Equal("""{"name":"label","datatype":"INT64","shape":[2],"parameters":{"binary_data_size":16}}""", outputs[0].GetRawText());
        Assert.Equal("""{"name":"scores","datatype":"FP32","shape":[2,3],"parameters":{"binary_data_size":24}}""", outputs[1].GetRawText());
        TheModelOutput[] expected = Run();
        Assert.Equal(expected.Select(row => row.Label), MemoryMarshal.Cast<byte, long>(body.AsSpan(jsonLength, 16)).ToArray());
        Assert.Equal(expected.SelectMany(row => row.Scores), MemoryMarshal.Cast<byte, float>(body.AsSpan(jsonLength + 16)).ToArray());
    }

    [Fact]
    public async Task Outputs_come_as_they_are_asked_for()
    {
        JsonElement answer = await service.InferAsync(
            """{"outputs":[{"name":"scores"},{"name":"label","parameters":{"binary_data":false,"classification":0}}],"inputs":[#],"parameters":{"priority":1}}"""
                .Replace("#", Two, StringComparison.Ordinal));
        Assert.Equal(["scores", "label"], answer.GetProperty("outputs").EnumerateArray().Select(output => output.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task One_output_in_binary_leaves_the_others_in_JSON()
    {
        using HttpRequestMessage request = OpenInferenceService.Binary(
            """{"inputs":[#],"outputs":[{"name":"scores","parameters":{"binary_data":true}},{"name":"label"}]}""".Replace("#", Binary, StringComparison.Ordinal),
            Bytes);
        using HttpResponseMessage answer = await service.Client.SendAsync(request, TestContext.Current.CancellationToken);
        byte[] body = await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        JsonElement outputs = JsonDocument.Parse(body.AsMemory(0, body.Length - 24)).RootElement.GetProperty("outputs");
        Assert.Equal(Run().Select(row => row.Label), outputs[1].GetProperty("data").EnumerateArray().Select(value => value.GetInt64()));
        Assert.Equal(Run().SelectMany(row => row.Scores), MemoryMarshal.Cast<byte, float>(body.AsSpan(body.Length - 24)).ToArray());
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    public async Task A_compressed_body_is_decompressed(string encoding)
    {
        using ByteArrayContent body = Compress(encoding, $$"""{"inputs":[{{Two}}]}""");
        CheckOutputs(await PostAsync(body, HttpStatusCode.OK));
    }

    [Fact]
    public async Task A_body_that_is_too_large_when_it_is_decompressed_is_refused()
    {
        using ByteArrayContent body = Compress("gzip", new string(' ', OpenInferenceService.MaxBody + 1));
        JsonElement answer = await PostAsync(body, HttpStatusCode.RequestEntityTooLarge);
        Assert.StartsWith("Expected a body of no more bytes than the server takes", answer.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        JsonElement answer = await service.InferAsync(new string(' ', OpenInferenceService.MaxBody + 1), HttpStatusCode.RequestEntityTooLarge);
        Assert.StartsWith("Expected a body of no more bytes than the server takes", answer.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_not_compressed_as_it_says_is_refused()
    {
        using var body = new StringContent("{}");
        body.Headers.ContentEncoding.Add("gzip");
        JsonElement answer = await PostAsync(body, HttpStatusCode.BadRequest);
        Assert.StartsWith("body: expected what gzip has compressed, got something else", answer.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_encoding_that_is_not_taken_is_named()
    {
        using var body = new StringContent("{}");
        body.Headers.ContentEncoding.Add("br");
        JsonElement answer = await PostAsync(body, HttpStatusCode.UnsupportedMediaType);
        Assert.Equal("Content-Encoding: expected gzip, deflate or none, got br.", answer.GetProperty("error").GetString());
    }

    private static TheModelOutput[] Run()
    {
        using TheModel model = TheModel.Load();
        return model.Run([[1f, 2f, 3f, 4f], [5f, 6f, 7f, 8f]]);
    }

    private static void CheckOutputs(JsonElement answer)
    {
        TheModelOutput[] expected = Run();
        JsonElement outputs = answer.GetProperty("outputs");
        Assert.Equal("[2]", outputs[0].GetProperty("shape").GetRawText());
        Assert.Equal("[2,3]", outputs[1].GetProperty("shape").GetRawText());
        Assert.Equal(expected.Select(row => row.Label), outputs[0].GetProperty("data").EnumerateArray().Select(value => value.GetInt64()));
        Assert.Equal(expected.SelectMany(row => row.Scores), outputs[1].GetProperty("data").EnumerateArray().Select(value => value.GetSingle()));
    }

    private static ByteArrayContent Compress(string encoding, string text)
    {
        using var compressed = new MemoryStream();
        using (Stream stream = encoding == "gzip" ? new GZipStream(compressed, CompressionMode.Compress) : new ZLibStream(compressed, CompressionMode.Compress))
        {
            stream.Write(Encoding.UTF8.GetBytes(text));
        }

        var body = new ByteArrayContent(compressed.ToArray());
        body.Headers.ContentEncoding.Add(encoding);
        return body;
    }

    private async Task<JsonElement> PostAsync(HttpContent body, HttpStatusCode expected)
    {
        using HttpResponseMessage answer = await service.Client.PostAsync(
            new Uri("/v2/models/the model/infer", UriKind.Relative), body, TestContext.Current.CancellationToken);
        return await OpenInferenceService.ReadAsync(answer, expected);
    }
}
