// The same as `direct`, with the typed client of the package.
using Torch2DotNet;

using var model = Linear.Load();

float[] features = [0.1f, -0.2f, 0.3f, -0.4f, 0.5f, -0.6f, 0.7f, -0.8f, 0.9f, -1f];
Console.WriteLine($"single: {Text(model.Run(features).Output)}");

float[][] rows = [.. Enumerable.Range(1, 3).Select(divisor => Array.ConvertAll(features, value => value / divisor))];
foreach ((int row, LinearOutput answer) in model.Run(rows).Index())
{
    Console.WriteLine($"batch {row}: {Text(answer.Output)}");
}

static string Text(float[] values) => string.Join(' ', values.Select(value => value.ToString("F6")));
