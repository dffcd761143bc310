using System.Net.Http.Json;
using System.Text.Json;

namespace Torch2DotNet.Service.Tests;

/// <summary>The model's answers.</summary>
public sealed class PredictionTests(Service service) : IClassFixture<Service>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_seven_is_recognized()
    {
        using HttpResponseMessage response = await service.AskAsync(Service.Seven, Cancellation);

        Answer? answer = await response.Content.ReadFromJsonAsync<Answer>(Cancellation);
        Assert.Equal("7", answer?.Label);
        Assert.Equal(1, answer!.Probabilities.Sum(), 1e-5f);
    }

    [Fact]
    public async Task Rows_are_answered_in_order()
    {
        float[][] rows = [Service.Seven, new float[64], Service.Seven];

        using HttpResponseMessage response = await service.Client.PostAsJsonAsync(
            "/digits", new { rows = rows.Select(pixels => new { pixels }) }, Cancellation);

        Answers? answers = await response.Content.ReadFromJsonAsync<Answers>(Cancellation);
        using var model = Digits.Load();
        Assert.Equal(model.Run(rows).Select(output => output.LabelName), answers!.Rows.Select(answer => answer.Label));
    }

    [Fact]
    public async Task A_file_is_answered_line_by_line_however_long_it_is()
    {
        await using var limited = new Service(("Kestrel:Limits:MaxRequestBodySize", "1024"));
        string file = string.Concat(Enumerable.Repeat(Line(Service.Seven), 200));

        string[] answers = await AnswerLinesAsync(limited, file);

        Assert.Equal(200, answers.Length);
        Assert.All(answers, answer => Assert.Equal("7", JsonSerializer.Deserialize<Answer>(answer, JsonSerializerOptions.Web)?.Label));
    }

    [Fact]
    public async Task A_line_that_is_refused_is_answered_in_its_place()
    {
        string[] answers = await AnswerLinesAsync(service, Line(Service.Seven) + Line([1, 2]) + Line(Service.Seven));

        Assert.Equal(3, answers.Length);
        JsonElement error = JsonSerializer.Deserialize<JsonElement>(answers[1]).GetProperty("error");
        Assert.Equal(2, error.GetProperty("line").GetInt32());
        Assert.StartsWith("pixels: expected 64 values", error.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("7", JsonSerializer.Deserialize<Answer>(answers[2], JsonSerializerOptions.Web)?.Label);
    }

    [Fact]
    public async Task Concurrent_callers_get_their_own_answers()
    {
        using var model = Digits.Load();
        float[][] rows = [.. Enumerable.Range(0, 200).Select(seed => Noise(seed))];
        DigitsOutput[] expected = Array.ConvertAll(rows, row => model.Run(row));

        Answer?[] answers = await Task.WhenAll(rows.Select(async row =>
        {
            using HttpResponseMessage response = await service.AskAsync(row, Cancellation);
            return await response.Content.ReadFromJsonAsync<Answer>(Cancellation);
        }));

        for (int i = 0; i < rows.Length; i++)
        {
            Assert.Equal(expected[i].LabelName, answers[i]!.Label);
            Assert.All(expected[i].Probabilities.Zip(answers[i]!.Probabilities), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        }
    }

    [Fact]
    public async Task A_client_of_the_Open_Inference_Protocol_is_answered()
    {
        using HttpResponseMessage response = await service.Client.PostAsJsonAsync(
            "/v2/models/digits/infer", new { inputs = new[] { new { name = "pixels", datatype = "FP32", shape = new[] { 1, 8, 8 }, data = Service.Seven } } }, Cancellation);

        JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        JsonElement label = answer.GetProperty("outputs").EnumerateArray().Single(output => output.GetProperty("name").GetString() == "label");
        Assert.Equal(7, label.GetProperty("data")[0].GetInt64());
    }

    private static string Line(float[] pixels) => JsonSerializer.Serialize(new { pixels }) + "\n";

    private static async Task<string[]> AnswerLinesAsync(Service asked, string lines)
    {
        using HttpResponseMessage response = await asked.Client.PostAsync("/digits", Service.Body(lines, "application/x-ndjson"), Cancellation);
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
        return (await response.Content.ReadAsStringAsync(Cancellation)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static float[] Noise(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Digits.PixelsLength).Select(_ => (float)random.Next(17))];
    }
}
