#nullable enable

namespace TheNamespace.TheModelEngine;

using System.Linq;

/// <summary>What a document says of an input or output in words, as the client's own documentation does.</summary>
internal static class TensorSentences
{
    private const int MostLabels = 20;

    internal static string Of(TensorDescription tensor, ModelContract contract)
    {
        string[] sentences =
        [
            tensor.Description.TrimEnd('.'),
            Shape(tensor, contract),
            tensor.IsBytes ? "Base64 of the bytes" : string.Empty,
            tensor.Unit.Length > 0 ? "Unit: " + tensor.Unit : string.Empty,
            Range(tensor),
            tensor.AllowsMissing ? "null: missing value" : string.Empty,
            Labels(tensor),
        ];
        return string.Join(' ', sentences.Where(sentence => sentence.Length > 0).Select(sentence => sentence + "."));
    }

    private static string Shape(TensorDescription tensor, ModelContract contract)
    {
        if (tensor.IsScalar)
        {
            return string.Empty;
        }

        string shape = "row-major of shape " + contract.Shape(tensor);
        return tensor.Axes.Length > 0 ? "Values, " + shape : Number.Text(tensor.FixedLength) + (tensor.FixedLength == 1 ? " value, " : " values, ") + shape;
    }

    private static string Range(TensorDescription tensor)
    {
        return (tensor.Minimum, tensor.Maximum) switch
        {
            ({ } low, { } high) => "Range: from " + Number.Text(low) + " to " + Number.Text(high),
            ({ } low, null) => "Range: at least " + Number.Text(low),
            (null, { } high) => "Range: at most " + Number.Text(high),
            _ => string.Empty,
        };
    }

    private static string Labels(TensorDescription tensor)
    {
        return tensor.Labels.Length == 0
            ? string.Empty
            : "Labels: " + string.Join(", ", tensor.Labels.Take(MostLabels)) + (tensor.Labels.Length > MostLabels ? ", …" : string.Empty);
    }
}
