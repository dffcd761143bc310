#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;

/// <summary>
/// Writes the values of an output: a value; or a flat array, row-major, as the client's own arrays are; bytes as base64. A number that is
/// not finite, which JSON does not have, is null. Holds nothing of a request.
/// </summary>
internal abstract class OutputWriter
{
    private protected OutputWriter(TensorDescription output)
    {
        Output = output;
        Name = JsonEncodedText.Encode(output.Name);
    }

    internal JsonEncodedText Name { get; }

    private protected TensorDescription Output { get; }

    internal static OutputWriter Create(TensorDescription output)
    {
        return output.Type switch
        {
            ElementType.Float32 => new NumberWriter<float>(output),
            ElementType.Float64 => new NumberWriter<double>(output),
            ElementType.Float16 => new NumberWriter<Half>(output),
            ElementType.Int8 => Whole<sbyte>(output),
            ElementType.Int16 => Whole<short>(output),
            ElementType.Int32 => Whole<int>(output),
            ElementType.Int64 => Whole<long>(output),
            ElementType.UInt8 when !output.IsScalar => new BytesWriter(output),
            ElementType.UInt8 => Whole<byte>(output),
            ElementType.UInt16 => Whole<ushort>(output),
            ElementType.UInt32 => Whole<uint>(output),
            ElementType.UInt64 => Whole<ulong>(output),
            ElementType.Bool => new BoolWriter(output),
            _ => new TextWriter(output),
        };
    }

    /// <summary>Rejects values of a row that cannot be written, before anything is.</summary>
    /// <exception cref="TheModelException">The model has returned the number of a class that has no label.</exception>
    internal virtual void Check(ModelCall call, int place, int row)
    {
    }

    /// <summary>Writes the values of a row, behind their name.</summary>
    internal abstract void Write(Utf8JsonWriter writer, ModelCall call, int place, int row);

    private static OutputWriter Whole<T>(TensorDescription output)
        where T : unmanaged, INumber<T>
    {
        return output.IsClass ? new LabelWriter<T>(output) : new NumberWriter<T>(output);
    }

    private sealed class NumberWriter<T>(TensorDescription output) : OutputWriter(output)
        where T : unmanaged, INumber<T>
    {
        // No number of any type is longer, its comma included.
        private const int Longest = 40;

        // The text of more would take more memory than a call keeps.
        private const int MaxAtOnce = 4096;

        internal override void Write(Utf8JsonWriter writer, ModelCall call, int place, int row)
        {
            ReadOnlySpan<T> values = MemoryMarshal.Cast<byte, T>(call.Output(place, row));
            if (values.Length > MaxAtOnce)
            {
                WriteOneByOne(writer, values);
                return;
            }

            Column<byte> text = call.NumberText;
            text.Clear();
            Span<byte> room = text.Reserve(checked((values.Length * Longest) + 2));
            int length = 0;
            if (!Output.IsScalar)
            {
                room[length++] = (byte)'[';
            }

            for (int i = 0; i < values.Length; i++)
            {
                if (i > 0)
                {
                    room[length++] = (byte)',';
                }

                length += Format(values[i], room[length..]);
            }

            if (!Output.IsScalar)
            {
                room[length++] = (byte)']';
            }

            writer.WriteRawValue(room[..length], skipInputValidation: true);
        }

        private static void WriteOneByOne(Utf8JsonWriter writer, ReadOnlySpan<T> values)
        {
            Span<byte> room = stackalloc byte[Longest];
            writer.WriteStartArray();
            foreach (T value in values)
            {
                writer.WriteRawValue(room[..Format(value, room)], skipInputValidation: true);
            }

            writer.WriteEndArray();
        }

        private static int Format(T value, Span<byte> room)
        {
            if (!T.IsFinite(value))
            {
                "null"u8.CopyTo(room);
                return 4;
            }

            value.TryFormat(room, out int length, default, CultureInfo.InvariantCulture);
            return length;
        }
    }

    private sealed class LabelWriter<T>(TensorDescription output) : OutputWriter(output)
        where T : unmanaged, INumber<T>
    {
        private readonly JsonEncodedText[] _labels = Array.ConvertAll(output.Labels, label => JsonEncodedText.Encode(label));

        internal override void Check(ModelCall call, int place, int row)
        {
            T number = MemoryMarshal.Read<T>(call.Output(place, row));
            if (T.IsNegative(number) || ulong.CreateChecked(number) >= (ulong)_labels.Length)
            {
                throw new TheModelException(
                    Output.Name + ": expected a number from 0 to " + Number.Text(_labels.Length - 1) + ", got " + number.ToString(null, CultureInfo.InvariantCulture)
                    + ": the model has more classes than its contract has labels; correct the labels and package the model again.");
            }
        }

        internal override void Write(Utf8JsonWriter writer, ModelCall call, int place, int row)
        {
            writer.WriteStringValue(_labels[int.CreateChecked(MemoryMarshal.Read<T>(call.Output(place, row)))]);
        }
    }

    private sealed class BytesWriter(TensorDescription output) : OutputWriter(output)
    {
        internal override void Write(Utf8JsonWriter writer, ModelCall call, int place, int row)
        {
            writer.WriteBase64StringValue(call.Output(place, row));
        }
    }

    private sealed class BoolWriter(TensorDescription output) : OutputWriter(output)
    {
        internal override void Write(Utf8JsonWriter writer, ModelCall call, int place, int row)
        {
            ReadOnlySpan<byte> values = call.Output(place, row);
            if (Output.IsScalar)
            {
                writer.WriteBooleanValue(values[0] != 0);
                return;
            }

            writer.WriteStartArray();
            foreach (byte value in values)
            {
                writer.WriteBooleanValue(value != 0);
            }

            writer.WriteEndArray();
        }
    }

    private sealed class TextWriter(TensorDescription output) : OutputWriter(output)
    {
        internal override void Write(Utf8JsonWriter writer, ModelCall call, int place, int row)
        {
            if (Output.IsScalar)
            {
                writer.WriteStringValue(call.Text(place, row, 0));
                return;
            }

            writer.WriteStartArray();
            for (int i = 0; i < Output.Length(call.Sizes(row)); i++)
            {
                writer.WriteStringValue(call.Text(place, row, i));
            }

            writer.WriteEndArray();
        }
    }
}
