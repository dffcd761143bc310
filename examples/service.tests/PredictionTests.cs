using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Torch2DotNet.Service.Tests;

public class PredictionTests(Service service) : IClassFixture<Service>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_seven_is_recognized()
    {
        using HttpResponseMessage response = await service.PredictAsync(Service.Seven, Cancellation);

        Answer? answer = await response.Content.ReadFromJsonAsync<Answer>(Cancellation);
        Assert.Equal("7", answer?.Digit);
        Assert.Equal(1, answer!.Probabilities.Sum(), 1e-5f);
    }

    [Fact]
    public async Task A_batch_is_answered_in_order()
    {
        float[][] rows = [Service.Seven, new float[64], Service.Seven];

        using HttpResponseMessage response = await service.Client.PostAsJsonAsync("/predict/batch", new { rows }, Cancellation);

        Answers? answers = await response.Content.ReadFromJsonAsync<Answers>(Cancellation);
        using var model = Digits.Load();
        Assert.Equal(model.Run(rows).Select(output => output.LabelName), answers!.Predictions.Select(answer => answer.Digit));
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task Concurrent_callers_get_their_own_answers(string microBatching)
    {
        await using var service = new Service(("Service:MicroBatching", microBatching), ("Digits:MaxConcurrency", "1"));
        using var model = Digits.Load();
        float[][] rows = [.. Enumerable.Range(0, 200).Select(seed => Noise(seed))];
        DigitsOutput[] expected = Array.ConvertAll(rows, row => model.Run(row));

        Answer?[] answers = await Task.WhenAll(rows.Select(async row =>
        {
            using HttpResponseMessage response = await service.PredictAsync(row, Cancellation);
            return await response.Content.ReadFromJsonAsync<Answer>(Cancellation);
        }));

        for (int i = 0; i < rows.Length; i++)
        {
            Assert.Equal(expected[i].LabelName, answers[i]!.Digit);
            Assert.All(expected[i].Probabilities.Zip(answers[i]!.Probabilities), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        }
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/health/ready")]
    [InlineData("/health/live")]
    public async Task It_is_healthy(string path)
    {
        Assert.Equal("Healthy", await service.Client.GetStringAsync(path, Cancellation));
    }

    [Fact]
    public async Task OpenTelemetry_sees_the_models_rows_and_runs()
    {
        using HttpResponseMessage response = await service.Client.PostAsJsonAsync("/predict/batch", new { rows = new[] { Service.Seven, Service.Seven } }, Cancellation);

        string metrics = await service.Client.GetStringAsync("/metrics", Cancellation);

        Match rows = Regex.Match(metrics, @"^torch2dotnet_rows_total\{[^}]*otel_scope_name=""Torch2DotNet\.Digits""[^}]*\} (\d+)", RegexOptions.Multiline);
        Assert.True(rows.Success, metrics);
        Assert.True(int.Parse(rows.Groups[1].Value, CultureInfo.InvariantCulture) >= 2, rows.Value);
        Assert.Matches(@"torch2dotnet_run_duration_seconds_bucket\{[^}]*le=""0\.001""", metrics);
    }

    [Fact]
    public async Task OpenApi_says_what_a_row_is()
    {
        JsonElement document = await service.Client.GetFromJsonAsync<JsonElement>("/openapi/v1.json", Cancellation);

        JsonElement pixels = document.GetProperty("components").GetProperty("schemas").GetProperty("PredictionRequest")
            .GetProperty("properties").GetProperty("pixels");
        Assert.Equal(64, pixels.GetProperty("minItems").GetInt32());
        Assert.Equal(64, pixels.GetProperty("maxItems").GetInt32());
        Assert.Equal(["/predict", "/predict/batch"], document.GetProperty("paths").EnumerateObject().Select(path => path.Name));
    }

    private static float[] Noise(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Digits.PixelsLength).Select(_ => (float)random.Next(17))];
    }
}
