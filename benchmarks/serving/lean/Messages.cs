using System.Text.Json;
using System.Text.Json.Serialization;

namespace Torch2DotNet.Benchmarks;

internal sealed record LinearRow(float[] Input);

internal sealed record LinearAnswer(float[] Output);

internal sealed record DigitsRow(float[] Pixels);

internal sealed record TextRow(string Text);

internal sealed record ClassAnswer(string Label, float[] Probabilities);

internal sealed record Embedding([property: JsonPropertyName("embedding")] float[] Values);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(LinearRow))]
[JsonSerializable(typeof(LinearAnswer))]
[JsonSerializable(typeof(DigitsRow))]
[JsonSerializable(typeof(TextRow))]
[JsonSerializable(typeof(ClassAnswer))]
[JsonSerializable(typeof(Embedding))]
internal sealed partial class Json : JsonSerializerContext;
