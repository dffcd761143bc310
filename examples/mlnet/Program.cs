// The packaged model as a step of an ML.NET pipeline.
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Torch2DotNet;

string here = AppContext.BaseDirectory;
float[] seven = Array.ConvertAll(
    File.ReadAllText(Path.Combine(here, "digit.txt")).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
    text => float.Parse(text, CultureInfo.InvariantCulture));

// ML.NET runs one row at a time and needs fixed shapes, so the batch axis has size 1.
var shapes = new Dictionary<string, int[]> { ["pixels"] = [1, 8, 8], ["label"] = [1], ["probabilities"] = [1, 10] };
var context = new MLContext();
IDataView rows = context.Data.LoadFromEnumerable<Scan>([new() { Pixels = seven }, new() { Pixels = new float[64] }]);
IDataView answers = context.Transforms
    .ApplyOnnxModel(["label", "probabilities"], ["pixels"], Path.Combine(here, Digits.ModelFile), shapes, gpuDeviceId: null, fallbackToCpu: false)
    .Fit(rows)
    .Transform(rows);

foreach (Answer answer in context.Data.CreateEnumerable<Answer>(answers, reuseRowObject: false))
{
    Console.WriteLine($"{DigitsOutput.Labels[(int)answer.Label[0]]}: {answer.Probabilities.Max():F6}");
}

internal sealed class Scan
{
    [ColumnName("pixels")]
    [VectorType(1, 8, 8)]
    public required float[] Pixels { get; init; }
}

internal sealed class Answer
{
    [ColumnName("label")]
    [VectorType(1)]
    public long[] Label { get; set; } = [];

    [ColumnName("probabilities")]
    [VectorType(1, 10)]
    public float[] Probabilities { get; set; } = [];
}
