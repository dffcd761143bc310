#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Runtime.InteropServices;
using System.Text.Json;

/// <summary>Writes the outputs for the rows of a request, from their memory.</summary>
internal static class RowsWriter
{
    internal static void Write(Utf8JsonWriter writer, ModelCall call, bool isList)
    {
        if (!isList)
        {
            WriteRow(writer, call, 0);
            return;
        }

        writer.WriteStartObject();
        writer.WriteStartArray("rows");
        for (int row = 0; row < call.AnswerCount; row++)
        {
            WriteRow(writer, call, row);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    internal static void WriteRow(Utf8JsonWriter writer, ModelCall call, int row)
    {
        writer.WriteStartObject();
        for (int place = 0; place < WebContract.Outputs.Length; place++)
        {
            TensorDescription output = WebContract.Outputs[place];
            writer.WritePropertyName(output.Name);
            ReadOnlySpan<byte> bytes = call.Output(place, row);
            if (output.IsClass)
            {
                writer.WriteStringValue(output.Labels[MemoryMarshal.Read<long>(bytes)]);
                continue;
            }

            writer.WriteStartArray();
            foreach (float value in MemoryMarshal.Cast<byte, float>(bytes))
            {
                writer.WriteNumberValue(value);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }
}
