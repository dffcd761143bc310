using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;

namespace Torch2DotNet.Service;

/// <summary>The endpoints. What the model refuses, or a full queue, is answered by AddDigitsExceptionHandler.</summary>
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

    private static async Task<Ok<Prediction>> PredictAsync(
        PredictionRequest request, IDigits model, IOptions<ServiceSettings> settings, CancellationToken aborted)
    {
        DigitsOutput output = settings.Value.MicroBatching
            ? await model.RunAsync(request.Pixels, aborted)
            : model.Run(request.Pixels);
        return TypedResults.Ok(Prediction.From(output));
    }

    private static Results<Ok<PredictionBatch>, ProblemHttpResult> PredictBatch(
        PredictionBatchRequest request, IDigits model, IOptions<ServiceSettings> settings)
    {
        if (request.Rows.Length == 0 || request.Rows.Length > settings.Value.MaxRows)
        {
            return TypedResults.Problem(
                $"rows: expected 1 to {settings.Value.MaxRows} rows, got {request.Rows.Length}.", statusCode: StatusCodes.Status400BadRequest);
        }

        return TypedResults.Ok(new PredictionBatch(Array.ConvertAll(model.Run(request.Rows), Prediction.From)));
    }
}
