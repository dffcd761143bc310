#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Text.Json;

/// <summary>
/// Writes the outputs for the rows of a request, from their memory, under the contract's names; and beside them the sizes of axes that do
/// not follow from the arrays' lengths. Holds nothing of a request.
/// </summary>
internal sealed class RowsWriter
{
    private static readonly RowsWriter OfTheModel = new(ModelContract.OfTheModel);
    private static readonly JsonEncodedText RowsName = JsonEncodedText.Encode("rows");

    private readonly OutputWriter[] _outputs;
    private readonly int[] _axes;
    private readonly JsonEncodedText[] _axisNames;

    internal RowsWriter(ModelContract contract)
    {
        _outputs = Array.ConvertAll(contract.Outputs, OutputWriter.Create);
        _axes = contract.AxesToTell(contract.Outputs, _ => false);
        _axisNames = Array.ConvertAll(_axes, axis => JsonEncodedText.Encode(contract.OutputSizeName(axis)));
    }

    /// <summary>Writes the answer of the model: a row, or <c>{"rows": [row, …]}</c>.</summary>
    /// <exception cref="TheModelException">The model has returned the number of a class that has no label; nothing is written then.</exception>
    internal static void Write(Utf8JsonWriter writer, ModelCall call, bool isList)
    {
        OfTheModel.WriteAnswer(writer, call, isList);
    }

    /// <summary>Writes a row of the model's answer, such as a line of NDJSON.</summary>
    /// <exception cref="TheModelException">The model has returned the number of a class that has no label; nothing is written then.</exception>
    internal static void WriteRow(Utf8JsonWriter writer, ModelCall call, int row)
    {
        OfTheModel.Check(call, row);
        OfTheModel.WriteOutputs(writer, call, row);
    }

    internal void WriteAnswer(Utf8JsonWriter writer, ModelCall call, bool isList)
    {
        for (int row = 0; row < call.AnswerCount; row++)
        {
            Check(call, row);
        }

        if (!isList)
        {
            WriteOutputs(writer, call, 0);
            return;
        }

        writer.WriteStartObject();
        writer.WriteStartArray(RowsName);
        for (int row = 0; row < call.AnswerCount; row++)
        {
            WriteOutputs(writer, call, row);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private void Check(ModelCall call, int row)
    {
        for (int place = 0; place < _outputs.Length; place++)
        {
            _outputs[place].Check(call, place, row);
        }
    }

    private void WriteOutputs(Utf8JsonWriter writer, ModelCall call, int row)
    {
        writer.WriteStartObject();
        for (int place = 0; place < _outputs.Length; place++)
        {
            writer.WritePropertyName(_outputs[place].Name);
            _outputs[place].Write(writer, call, place, row);
        }

        for (int i = 0; i < _axes.Length; i++)
        {
            writer.WriteNumber(_axisNames[i], call.Sizes(row)[_axes[i]]);
        }

        writer.WriteEndObject();
    }
}
