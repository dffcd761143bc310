namespace TheNamespace.Tests;

using System;
using System.Globalization;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

public sealed class InferFailureTests(OpenInferenceService service) : IClassFixture<OpenInferenceService>
{
    private const string Path = "/v2/models/fake/infer";

    [Theory]
    [InlineData(FakeModel.QueueFull, 503, "Expected at most 8 rows in the queue, got one more.")]
    [InlineData(FakeModel.Disposed, 503, "This service is stopping: send the request again, to another of its instances.")]
    [InlineData(FakeModel.Failed, 500, "The model could not answer: the service's log says why.")]
    [InlineData(FakeModel.Refused, 400, "rows[3]: features: expected less, got 5 at index 2.")]
    public async Task What_the_model_throws_is_an_error_of_the_protocol(float first, int status, string sentence)
    {
        using var body = new StringContent(Request(first, 1), Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await service.Client.PostAsync(new Uri(Path, UriKind.Relative), body, TestContext.Current.CancellationToken);
        JsonElement error = await OpenInferenceService.ReadAsync(answer, (HttpStatusCode)status);
        Assert.Equal(sentence, error.GetProperty("error").GetString());
        Assert.Equal(status == 503 ? 1 : null, answer.Headers.RetryAfter?.Delta?.TotalSeconds);
    }

    [Fact]
    public async Task What_a_program_puts_in_the_model_s_place_answers()
    {
        JsonElement answer = await service.InferAsync(Request(0, 2), path: Path);
        Assert.Equal([2, 2], answer.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(value => value.GetInt64()));
    }

    [Fact]
    public async Task Too_many_rows_are_refused()
    {
        JsonElement answer = await service.InferAsync(Request(0, 3), HttpStatusCode.RequestEntityTooLarge, Path);
        Assert.Equal("inputs: expected at most 2 rows in a request, got 3: send them in several.", answer.GetProperty("error").GetString());
    }

    private static string Request(float first, int rows)
    {
        string row = first.ToString(CultureInfo.InvariantCulture) + ",0,0,0";
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"inputs":[{"name":"features","datatype":"FP32","shape":[{{rows}},4],"data":[{{string.Join(",", Enumerable.Repeat(row, rows))}}]}]}""");
    }
}
