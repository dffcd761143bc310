#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Linq;
using System.Text.Json;

/// <summary>Reads a request: what it says beside its tensors, and its tensors by <see cref="TensorReader"/>.</summary>
internal static class InferReader
{
    /// <param name="request">With its body; to be filled.</param>
    /// <param name="jsonLength">Bytes at the start of the body that are JSON.</param>
    /// <param name="rows">To be filled.</param>
    /// <param name="check">Of the contract.</param>
    /// <exception cref="ArgumentException">It is not what the protocol and the contract say; the sentence names the tensor and the index.</exception>
    internal static void Read(InferRequest request, int jsonLength, RequestRows rows, RowCheck check)
    {
        var json = new Utf8JsonReader(request.Body.Values[..jsonLength]);
        try
        {
            int binaryEnd = Read(ref json, request, jsonLength, rows, check);
            if (binaryEnd != request.Body.Count)
            {
                throw Refusal.Of(
                    "body: expected " + Number.Text(binaryEnd - jsonLength) + " bytes of binary tensors behind the JSON, by binary_data_size, got "
                    + Number.Text(request.Body.Count - jsonLength) + ".",
                    -1);
            }
        }
        catch (JsonException error)
        {
            throw Refusal.Of("body: expected JSON, got something else: " + error.Message, -1);
        }
        catch (InvalidOperationException error)
        {
            // A text whose escapes are half of a surrogate pair, or whose bytes are not UTF-8.
            throw Refusal.Of("body: expected texts in UTF-8, got something else: " + error.Message, -1);
        }

        EndRows(request, rows);
    }

    /// <returns>Where the last binary tensor ends.</returns>
    private static int Read(ref Utf8JsonReader json, InferRequest request, int jsonLength, RequestRows rows, RowCheck check)
    {
        int binaryEnd = jsonLength;
        json.Read();
        Expect(json.TokenType == JsonTokenType.StartObject, "body", "an object with inputs");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("inputs"u8))
            {
                var tensors = new TensorReader(request, rows, check) { BinaryEnd = binaryEnd };
                tensors.Read(ref json);
                binaryEnd = tensors.BinaryEnd;
            }
            else if (json.ValueTextEquals("outputs"u8))
            {
                ReadOutputs(ref json, request);
            }
            else if (json.ValueTextEquals("id"u8))
            {
                json.Read();
                Expect(json.TokenType == JsonTokenType.String, "id", "a text");
                request.Id = (int)json.TokenStartIndex..(int)json.BytesConsumed;
            }
            else if (json.ValueTextEquals("parameters"u8))
            {
                ReadParameters(ref json, request);
            }
            else
            {
                json.Read();
                json.Skip();
            }
        }

        // What stands behind the object is refused.
        json.Read();
        return binaryEnd;
    }

    /// <summary>Reads the parameters of the request. Those that are not known ask for what other servers have, and are not for this one.</summary>
    private static void ReadParameters(ref Utf8JsonReader json, InferRequest request)
    {
        json.Read();
        Expect(json.TokenType == JsonTokenType.StartObject, "parameters", "an object");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("binary_data_output"u8))
            {
                request.IsBinary = ReadBoolean(ref json, "parameters: binary_data_output");
            }
            else if (json.ValueTextEquals("sequence_id"u8))
            {
                throw Refusal.Of("parameters: expected no sequence_id, got one: the model keeps nothing from request to request.", -1);
            }
            else
            {
                json.Read();
                json.Skip();
            }
        }
    }

    private static void ReadOutputs(ref Utf8JsonReader json, InferRequest request)
    {
        json.Read();
        Expect(json.TokenType == JsonTokenType.StartArray, "outputs", "an array of objects with a name");
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            Expect(json.TokenType == JsonTokenType.StartObject, "outputs", "an array of objects with a name");
            RequestedOutput output = ReadOutput(ref json, request.Contract);
            string name = request.Contract.Outputs[output.Place].Name;
            Expect(!request.Outputs.Exists(other => other.Place == output.Place), "outputs", "each name once", "\"" + name + "\" twice");
            request.Outputs.Add(output);
        }
    }

    private static RequestedOutput ReadOutput(ref Utf8JsonReader json, ModelContract contract)
    {
        int place = -1;
        bool? isBinary = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("name"u8))
            {
                json.Read();
                place = FindName(ref json, contract.Outputs, "outputs");
            }
            else if (json.ValueTextEquals("parameters"u8))
            {
                isBinary = ReadOutputParameters(ref json);
            }
            else
            {
                json.Read();
                json.Skip();
            }
        }

        Expect(place >= 0, "outputs", "an object with a name", "one without");
        return new RequestedOutput(place, isBinary);
    }

    private static bool? ReadOutputParameters(ref Utf8JsonReader json)
    {
        bool? isBinary = null;
        json.Read();
        Expect(json.TokenType == JsonTokenType.StartObject, "outputs: parameters", "an object");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("binary_data"u8))
            {
                isBinary = ReadBoolean(ref json, "outputs: binary_data");
            }
            else if (json.ValueTextEquals("classification"u8))
            {
                json.Read();
                bool isAsked = json.TokenType != JsonTokenType.Number || !json.TryGetInt32(out int count) || count != 0;
                Expect(!isAsked, "outputs", "no classification", "one: ask for the output as it is, and see the model's metadata for its labels");
            }
            else
            {
                RefuseSharedMemory(ref json, "outputs");
                json.Read();
                json.Skip();
            }
        }

        return isBinary;
    }

    private static bool ReadBoolean(ref Utf8JsonReader json, string where)
    {
        json.Read();
        Expect(json.TokenType is JsonTokenType.True or JsonTokenType.False, where, "true or false");
        return json.GetBoolean();
    }

    /// <summary>The place of the tensor that has the name at which the reader stands.</summary>
    internal static int FindName(ref Utf8JsonReader json, TensorDescription[] tensors, string where, bool takesText = false)
    {
        Expect(json.TokenType == JsonTokenType.String, where, "a name that is a text");
        for (int place = 0; place < tensors.Length; place++)
        {
            if (json.ValueTextEquals(tensors[place].Name))
            {
                return place;
            }
        }

        if (takesText && json.ValueTextEquals(OpenInferenceMetadata.TextInput))
        {
            return tensors.Length;
        }

        string names = string.Join(", ", tensors.Select(tensor => tensor.Name).Prepend(OpenInferenceMetadata.TextInput).Skip(takesText ? 0 : 1));
        throw Refusal.Of(where + ": expected a name of the contract (" + names + "), got \"" + json.GetString() + "\".", -1);
    }

    internal static void RefuseSharedMemory(ref Utf8JsonReader json, string where)
    {
        Expect(!json.ValueTextEquals("shared_memory_region"u8), where, "tensors in the body", "shared memory");
    }

    internal static void Expect(bool condition, string where, string expected, string got = "something else")
    {
        if (!condition)
        {
            throw Refusal.Of(where + ": expected " + expected + ", got " + got + ".", -1);
        }
    }

    private static void EndRows(InferRequest request, RequestRows rows)
    {
        if (request.HasText)
        {
            Expect(!request.HasInput.Contains(true), "inputs", "texts or their tokens", "both");
            return;
        }

        int missing = Array.IndexOf(request.HasInput, false);
        if (missing >= 0)
        {
            throw Refusal.Of("inputs: expected " + request.Contract.Inputs[missing].Name + ", did not get it.", -1, request.Contract.Inputs[missing].Name);
        }

        rows.EndRows(request.Rows, request.Sizes);
    }
}
