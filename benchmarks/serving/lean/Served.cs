using System.Text.Json;

namespace Torch2DotNet.Benchmarks;

/// <summary>A model of the benchmark, by the packages' own names.</summary>
internal abstract class Served
{
    public static Served Get(string name) => name switch
    {
        "linear" => new ServedLinear(),
        "digits" => new ServedDigits(),
        "sentiment" => new ServedSentiment(),
#if MINILM
        "minilm" => new ServedMinilm(),
#endif
        _ => throw new ArgumentException($"Model: expected one that this program was built with, got {name}."),
    };

    public abstract void Add(IServiceCollection services, IConfiguration options);

    public abstract void MapRows(IEndpointRouteBuilder routes, bool? microBatching);

    public abstract void MapInference(IEndpointRouteBuilder routes);

    /// <summary>What people write by hand: records, through System.Text.Json's source generator.</summary>
    public abstract void MapTyped(IEndpointRouteBuilder routes);

    /// <summary>Makes the call that a thread repeats, on the row in `body`.</summary>
    public abstract Func<Action> CreateCalls(IServiceProvider services, string body);
}

internal sealed class ServedLinear : Served
{
    public override void Add(IServiceCollection services, IConfiguration options) => services.AddLinear(options);

    public override void MapRows(IEndpointRouteBuilder routes, bool? microBatching) =>
        routes.MapLinear("/predict", options => options.MicroBatching = microBatching);

    public override void MapInference(IEndpointRouteBuilder routes) => routes.MapLinearOpenInference();

    public override void MapTyped(IEndpointRouteBuilder routes) =>
        routes.MapPost("/predict", (LinearRow row, Linear model) => new LinearAnswer(model.Run(row.Input).Output));

    public override Func<Action> CreateCalls(IServiceProvider services, string body)
    {
        Linear model = services.GetRequiredService<Linear>();
        float[] row = JsonSerializer.Deserialize(body, Json.Default.LinearRow)!.Input;
        return () =>
        {
            LinearBuffers buffers = model.CreateBuffers();
            return () =>
            {
                row.CopyTo(buffers.Input);
                buffers.Run();
            };
        };
    }
}

internal sealed class ServedDigits : Served
{
    public override void Add(IServiceCollection services, IConfiguration options) => services.AddDigits(options);

    public override void MapRows(IEndpointRouteBuilder routes, bool? microBatching) =>
        routes.MapDigits("/predict", options => options.MicroBatching = microBatching);

    public override void MapInference(IEndpointRouteBuilder routes) => routes.MapDigitsOpenInference();

    public override void MapTyped(IEndpointRouteBuilder routes) => routes.MapPost("/predict", (DigitsRow row, Digits model) =>
    {
        DigitsOutput output = model.Run(row.Pixels);
        return new ClassAnswer(output.LabelName, output.Probabilities);
    });

    public override Func<Action> CreateCalls(IServiceProvider services, string body)
    {
        Digits model = services.GetRequiredService<Digits>();
        float[] row = JsonSerializer.Deserialize(body, Json.Default.DigitsRow)!.Pixels;
        return () =>
        {
            DigitsBuffers buffers = model.CreateBuffers();
            return () =>
            {
                row.CopyTo(buffers.Pixels);
                buffers.Run();
            };
        };
    }
}

internal sealed class ServedSentiment : Served
{
    public override void Add(IServiceCollection services, IConfiguration options) => services.AddSentiment(options);

    public override void MapRows(IEndpointRouteBuilder routes, bool? microBatching) =>
        routes.MapSentiment("/predict", options => options.MicroBatching = microBatching);

    public override void MapInference(IEndpointRouteBuilder routes) => routes.MapSentimentOpenInference();

    public override void MapTyped(IEndpointRouteBuilder routes) => routes.MapPost("/predict", (TextRow row, Sentiment model) =>
    {
        SentimentOutput output = model.Run(row.Text);
        return new ClassAnswer(output.LabelName, output.Probabilities);
    });

    public override Func<Action> CreateCalls(IServiceProvider services, string body)
    {
        Sentiment model = services.GetRequiredService<Sentiment>();
        string row = JsonSerializer.Deserialize(body, Json.Default.TextRow)!.Text;
        return () => () => model.Run(row);
    }
}

#if MINILM
internal sealed class ServedMinilm : Served
{
    public override void Add(IServiceCollection services, IConfiguration options) => services.AddMinilm(options);

    public override void MapRows(IEndpointRouteBuilder routes, bool? microBatching) =>
        routes.MapMinilm("/predict", options => options.MicroBatching = microBatching);

    public override void MapInference(IEndpointRouteBuilder routes) => routes.MapMinilmOpenInference();

    public override void MapTyped(IEndpointRouteBuilder routes) =>
        routes.MapPost("/predict", (TextRow row, Minilm model) => new Embedding(model.Run(row.Text).Embedding));

    public override Func<Action> CreateCalls(IServiceProvider services, string body)
    {
        Minilm model = services.GetRequiredService<Minilm>();
        string row = JsonSerializer.Deserialize(body, Json.Default.TextRow)!.Text;
        return () => () => model.Run(row);
    }
}
#endif
