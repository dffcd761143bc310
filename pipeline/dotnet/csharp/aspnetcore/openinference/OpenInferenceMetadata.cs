#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

/// <summary>What the protocol tells of the server and of the model.</summary>
internal static class OpenInferenceMetadata
{
    /// <summary>The input that takes texts, which the client's tokenizer turns into the contract's.</summary>
    internal const string TextInput = "text";

    internal static byte[] WriteServer(IServiceProvider services)
    {
        return OpenInferenceAnswer.Build(
            (writer, name) =>
            {
                writer.WriteString("name", name);
                writer.WriteString("version", Assembly.GetEntryAssembly()?.GetName().Version?.ToString(3) ?? "1.0.0");
                writer.WriteStartArray("extensions");
                writer.WriteStringValue("binary_tensor_data");
                writer.WriteEndArray();
            },
            services.GetRequiredService<IHostEnvironment>().ApplicationName);
    }

    internal static byte[] WriteModel(TheModelOpenInferenceOptions options, ModelContract contract)
    {
        return OpenInferenceAnswer.Build((writer, _) => WriteModel(writer, options, contract), contract);
    }

    private static void WriteModel(Utf8JsonWriter writer, TheModelOpenInferenceOptions options, ModelContract contract)
    {
        writer.WriteString("name", options.ModelName);
        writer.WriteStartArray("versions");
        writer.WriteStringValue(options.ModelVersion);
        writer.WriteEndArray();
        writer.WriteString("platform", "onnxruntime_onnx");
        writer.WriteStartArray("inputs");
        if (contract.TakesText)
        {
            WriteText(writer);
        }

        Array.ForEach(contract.Inputs, input => WriteTensor(writer, input, contract));
        writer.WriteEndArray();
        writer.WriteStartArray("outputs");
        Array.ForEach(contract.Outputs, output => WriteTensor(writer, output, contract));
        writer.WriteEndArray();
    }

    private static void WriteText(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("name", TextInput);
        writer.WriteString("datatype", Datatypes.Bytes);
        writer.WriteStartArray("shape");
        writer.WriteNumberValue(-1);
        writer.WriteEndArray();
        writer.WriteStartObject("parameters");
        writer.WriteString("description", "A text for each row, instead of the other inputs, which are its tokens.");
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteTensor(Utf8JsonWriter writer, TensorDescription tensor, ModelContract contract)
    {
        writer.WriteStartObject();
        writer.WriteString("name", tensor.Name);
        writer.WriteString("datatype", Datatypes.Of(tensor.Type));
        writer.WriteStartArray("shape");
        if (contract.IsBatched)
        {
            writer.WriteNumberValue(-1);
        }

        Array.ForEach(tensor.Shape, size => writer.WriteNumberValue(Math.Max(size, -1)));
        writer.WriteEndArray();
        if (tensor.Description.Length + tensor.Unit.Length + tensor.Labels.Length > 0)
        {
            WriteParameters(writer, tensor);
        }

        writer.WriteEndObject();
    }

    private static void WriteParameters(Utf8JsonWriter writer, TensorDescription tensor)
    {
        writer.WriteStartObject("parameters");
        if (tensor.Description.Length > 0)
        {
            writer.WriteString("description", tensor.Description);
        }

        if (tensor.Unit.Length > 0)
        {
            writer.WriteString("unit", tensor.Unit);
        }

        if (tensor.Labels.Length > 0)
        {
            writer.WriteStartArray("labels");
            Array.ForEach(tensor.Labels, writer.WriteStringValue);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }
}
