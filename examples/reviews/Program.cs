// Raw text in, label and score out: the model splits the text into words itself, so the client has no tokenizer.
using System.Text.Json.Serialization;
using Torch2DotNet;

WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 4 << 20);
builder.Services.AddSentiment(options => options.IntraOpNumThreads = 1);
builder.Services.AddProblemDetails(options => options.CustomizeProblemDetails = context =>
    context.ProblemDetails.Detail ??= context.ProblemDetails.Status switch
    {
        StatusCodes.Status400BadRequest => """Expected JSON: {"text": "..."}, or a list of such objects for /predict/batch.""",
        StatusCodes.Status413PayloadTooLarge => "Expected a body of at most 4 MB: send fewer texts at once.",
        _ => null,
    });
builder.Services.ConfigureHttpJsonOptions(options =>
{
    options.SerializerOptions.TypeInfoResolverChain.Insert(0, SentimentJson.Default);
    options.SerializerOptions.RespectNullableAnnotations = true;
    options.SerializerOptions.RespectRequiredConstructorParameters = true;
});

WebApplication app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.MapHealthChecks("/health");
app.MapPost("/predict", async (Review review, Sentiment model, CancellationToken aborted) =>
    Opinion.From(await model.RunAsync(review.Text, aborted)));
app.MapPost("/predict/batch", (Review[] reviews, Sentiment model) =>
    Array.ConvertAll(model.Run(Array.ConvertAll(reviews, review => review.Text)), Opinion.From));

// Warm-up: loads the model before the first request, so that a missing model ends the program instead of failing requests.
_ = app.Services.GetRequiredService<Sentiment>();
app.Run();

internal sealed record Review(string Text);

internal sealed record Opinion(string Label, float Score)
{
    public static Opinion From(SentimentOutput output) => new(output.LabelName, output.Probabilities[output.Label]);
}

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Review[]))]
[JsonSerializable(typeof(Opinion[]))]
internal sealed partial class SentimentJson : JsonSerializerContext;
