#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

/// <summary>Writes the answer to a request: JSON, and behind it the outputs that are asked for as bytes, from their memory.</summary>
internal static class InferWriter
{
    /// <summary>Writes the JSON into the request's memory.</summary>
    /// <returns>Number of bytes that follow it; -1 where no output is asked for as bytes.</returns>
    /// <exception cref="ArgumentException">The rows of an output have different sizes.</exception>
    internal static long WriteJson(InferRequest request, ModelCall call, TheModelOpenInferenceOptions options)
    {
        Utf8JsonWriter json = request.Answer;
        json.WriteStartObject();
        json.WriteString("model_name"u8, options.ModelName);
        json.WriteString("model_version"u8, options.ModelVersion);
        ReadOnlySpan<byte> id = request.Body.Values[request.Id];
        if (id.Length > 0)
        {
            json.WritePropertyName("id"u8);
            json.WriteRawValue(id, skipInputValidation: true);
        }

        json.WriteStartArray("outputs"u8);
        long size = -1;
        for (int i = 0; i < Count(request); i++)
        {
            RequestedOutput output = At(request, i);
            long bytes = WriteOutput(request, call, output);
            size = bytes < 0 ? size : Math.Max(size, 0) + bytes;
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return size;
    }

    /// <summary>Writes the JSON and the bytes behind it into the response.</summary>
    internal static void Write(InferRequest request, ModelCall call, PipeWriter response)
    {
        response.Write(request.AnswerJson.Span);
        ReadOnlySpan<byte> texts = request.AnswerTexts.Values;
        for (int i = 0; i < Count(request); i++)
        {
            RequestedOutput output = At(request, i);
            if (!IsBinary(request, output))
            {
                continue;
            }

            TensorDescription tensor = request.Contract.Outputs[output.Place];
            if (!tensor.IsText)
            {
                response.Write(call.Output(output.Place));
                continue;
            }

            int size = request.AnswerTextSizes[output.Place];
            response.Write(texts[..size]);
            texts = texts[size..];
        }
    }

    private static int Count(InferRequest request)
    {
        return request.Outputs.Count > 0 ? request.Outputs.Count : request.Contract.Outputs.Length;
    }

    private static RequestedOutput At(InferRequest request, int index)
    {
        return request.Outputs.Count > 0 ? request.Outputs[index] : new RequestedOutput(index, null);
    }

    private static bool IsBinary(InferRequest request, RequestedOutput output)
    {
        return output.IsBinary ?? request.IsBinary;
    }

    /// <returns>Number of bytes that stand behind the JSON; -1 where they stand in it.</returns>
    private static long WriteOutput(InferRequest request, ModelCall call, RequestedOutput output)
    {
        Utf8JsonWriter json = request.Answer;
        TensorDescription tensor = request.Contract.Outputs[output.Place];
        CheckSizes(call, tensor);
        json.WriteStartObject();
        json.WriteString("name"u8, tensor.Name);
        json.WriteString("datatype"u8, Datatypes.Of(tensor.Type));
        json.WriteStartArray("shape"u8);
        if (request.Contract.IsBatched)
        {
            json.WriteNumberValue(call.AnswerCount);
        }

        foreach (int size in tensor.Shape)
        {
            json.WriteNumberValue(size < 0 ? call.Sizes(0)[~size] : size);
        }

        json.WriteEndArray();
        long bytes = -1;
        if (IsBinary(request, output))
        {
            bytes = tensor.IsText ? AddTexts(request, call, output.Place) : call.Output(output.Place).Length;
            json.WriteStartObject("parameters"u8);
            json.WriteNumber("binary_data_size"u8, bytes);
            json.WriteEndObject();
        }
        else
        {
            json.WriteStartArray("data"u8);
            WriteValues(json, call, output.Place, tensor);
            json.WriteEndArray();
        }

        json.WriteEndObject();
        return bytes;
    }

    /// <summary>Rows whose sizes differ, which texts of different lengths are, are no tensor.</summary>
    private static void CheckSizes(ModelCall call, TensorDescription tensor)
    {
        for (int row = 1; row < call.AnswerCount && tensor.Axes.Length > 0; row++)
        {
            foreach (int axis in tensor.Axes)
            {
                if (call.Sizes(row)[axis] != call.Sizes(0)[axis])
                {
                    throw Refusal.Of(
                        "outputs: expected rows whose " + tensor.Name + " have one size, got " + Number.Text(call.Sizes(0)[axis]) + " and "
                        + Number.Text(call.Sizes(row)[axis]) + ": send these rows one by one, or ask for other outputs.",
                        -1,
                        tensor.Name);
                }
            }
        }
    }

    private static int Length(ModelCall call, TensorDescription tensor)
    {
        return tensor.Length(call.Sizes(0));
    }

    private static int AddTexts(InferRequest request, ModelCall call, int place)
    {
        int start = request.AnswerTexts.Count;
        int length = Length(call, request.Contract.Outputs[place]);
        for (int row = 0; row < call.AnswerCount; row++)
        {
            for (int i = 0; i < length; i++)
            {
                BinaryTensor.AddText(call.Text(place, row, i), request.AnswerTexts);
            }
        }

        return request.AnswerTextSizes[place] = request.AnswerTexts.Count - start;
    }

    private static void WriteValues(Utf8JsonWriter json, ModelCall call, int place, TensorDescription tensor)
    {
        if (!tensor.IsText)
        {
            JsonNumbers.Write(json, call.Output(place), tensor.Type);
            return;
        }

        int length = Length(call, tensor);
        for (int row = 0; row < call.AnswerCount; row++)
        {
            for (int i = 0; i < length; i++)
            {
                json.WriteStringValue(call.Text(place, row, i));
            }
        }
    }
}
