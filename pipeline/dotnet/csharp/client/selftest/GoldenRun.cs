#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

/// <summary>Runs a session on arrays of any types and sizes, which needs nothing that is generated for a model.</summary>
internal static class GoldenRun
{
    /// <summary>The answers, in the order of <paramref name="outputs"/>.</summary>
    /// <exception cref="OnnxRuntimeException">onnxruntime failed.</exception>
    internal static GoldenTensor[] Answer(InferenceSession session, IReadOnlyList<GoldenTensor> inputs, IReadOnlyList<string> outputs)
    {
        var values = new List<OrtValue>();
        try
        {
            values.AddRange(inputs.Select(Write));
            using var options = new RunOptions();
            using IDisposableReadOnlyCollection<OrtValue> answers = session.Run(options, inputs.Select(input => input.Name).ToArray(), values, outputs);
            return outputs.Select((output, place) => Read(output, answers[place])).ToArray();
        }
        finally
        {
            values.ForEach(value => value.Dispose());
        }
    }

    private static OrtValue Write(GoldenTensor tensor)
    {
        if (!tensor.IsText)
        {
            OrtValue numbers = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, ElementType(tensor.Dtype), tensor.Shape);
            tensor.Content.AsSpan().CopyTo(numbers.GetTensorMutableRawData());
            return numbers;
        }

        OrtValue texts = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, tensor.Shape);
        for (int i = 0; i < tensor.Texts.Length; i++)
        {
            texts.StringTensorSetElementAt(tensor.Texts[i].AsSpan(), i);
        }

        return texts;
    }

    private static GoldenTensor Read(string output, OrtValue answer)
    {
        OrtTensorTypeAndShapeInfo facts = answer.GetTensorTypeAndShape();
        return facts.IsString
            ? new GoldenTensor(output, facts.Shape, Enumerable.Range(0, checked((int)facts.ElementCount)).Select(answer.GetStringElement).ToArray())
            : new GoldenTensor(output, Dtype(facts.ElementDataType), facts.Shape, answer.GetTensorMutableRawData().ToArray());
    }

    private static TensorElementType ElementType(string dtype)
    {
        return dtype switch
        {
            "bool" => TensorElementType.Bool,
            "int8" => TensorElementType.Int8,
            "uint8" => TensorElementType.UInt8,
            "int16" => TensorElementType.Int16,
            "uint16" => TensorElementType.UInt16,
            "int32" => TensorElementType.Int32,
            "uint32" => TensorElementType.UInt32,
            "int64" => TensorElementType.Int64,
            "uint64" => TensorElementType.UInt64,
            "float16" => TensorElementType.Float16,
            "float32" => TensorElementType.Float,
            _ => TensorElementType.Double,
        };
    }

    private static string Dtype(TensorElementType type)
    {
        return type switch
        {
            TensorElementType.Bool => "bool",
            TensorElementType.Int8 => "int8",
            TensorElementType.UInt8 => "uint8",
            TensorElementType.Int16 => "int16",
            TensorElementType.UInt16 => "uint16",
            TensorElementType.Int32 => "int32",
            TensorElementType.UInt32 => "uint32",
            TensorElementType.Int64 => "int64",
            TensorElementType.UInt64 => "uint64",
            TensorElementType.Float16 => "float16",
            TensorElementType.Float => "float32",
            TensorElementType.Double => "float64",
            _ => type.ToString(),
        };
    }
}
