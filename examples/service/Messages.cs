using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Torch2DotNet.Service;

internal sealed record PredictionRequest(
    [property: Description("Ink in each of 8 x 8 cells, row by row from the top left: 64 numbers from 0 (paper) to 16 (full ink).")]
    [property: Length(Digits.PixelsLength, Digits.PixelsLength)]
    float[] Pixels);

internal sealed record PredictionBatchRequest(
    [property: Description("One or more rows, each of 64 numbers as in a single request.")]
    [property: MinLength(1)]
    float[][] Rows);

internal sealed record Prediction(
    [property: Description("The digit that is most likely.")] string Digit,
    [property: Description("Probability of each digit from 0 to 9.")] float[] Probabilities)
{
    public static Prediction From(DigitsOutput output) => new(output.LabelName, output.Probabilities);
}

internal sealed record PredictionBatch(
    [property: Description("One prediction for each row, in the order of the rows.")] Prediction[] Predictions);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(PredictionRequest))]
[JsonSerializable(typeof(PredictionBatchRequest))]
[JsonSerializable(typeof(Prediction))]
[JsonSerializable(typeof(PredictionBatch))]
internal sealed partial class PredictionJson : JsonSerializerContext;
