using System.Diagnostics;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Torch2DotNet.Service;

internal static class Predictions
{
    public static void MapPredictions(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/predict").WithTags("Predictions")
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
        group.MapPost("", PredictAsync).WithName("Predict").WithSummary("Reads one digit.");
        group.MapPost("/batch", PredictBatch).WithName("PredictBatch").WithSummary("Reads many digits at once.");
    }

    private static async Task<Results<Ok<Prediction>, ProblemHttpResult>> PredictAsync(
        PredictionRequest request,
        Digits model,
        IOptions<ServiceSettings> settings,
        PredictionMetrics metrics,
        CancellationToken aborted)
    {
        long start = Stopwatch.GetTimestamp();
        DigitsOutput output;
        try
        {
            output = settings.Value.MicroBatching
                ? await model.RunAsync(request.Pixels, aborted)
                : model.Run(request.Pixels);
        }
        catch (ArgumentException error)
        {
            return Refuse(error.Message);
        }

        metrics.Answered(1, Stopwatch.GetElapsedTime(start));
        return TypedResults.Ok(Prediction.From(output));
    }

    private static Results<Ok<PredictionBatch>, ProblemHttpResult> PredictBatch(
        PredictionBatchRequest request, Digits model, IOptions<ServiceSettings> settings, PredictionMetrics metrics)
    {
        if (request.Rows.Length == 0 || request.Rows.Length > settings.Value.MaxRows)
        {
            return Refuse($"rows: expected 1 to {settings.Value.MaxRows} rows, got {request.Rows.Length}.");
        }

        long start = Stopwatch.GetTimestamp();
        DigitsOutput[] outputs;
        try
        {
            outputs = model.Run(request.Rows);
        }
        catch (ArgumentException error)
        {
            return Refuse(error.Message);
        }

        metrics.Answered(outputs.Length, Stopwatch.GetElapsedTime(start));
        return TypedResults.Ok(new PredictionBatch(Array.ConvertAll(outputs, Prediction.From)));
    }

    private static ProblemHttpResult Refuse(string detail) =>
        TypedResults.Problem(detail, statusCode: StatusCodes.Status400BadRequest);
}
