#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

/// <summary>Writes the values of a tensor as JSON, the shortest that is read as the same number. What JSON has no number for is null.</summary>
internal static class JsonNumbers
{
    internal static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> bytes, ElementType type)
    {
        switch (type)
        {
            case ElementType.Float32:
                foreach (float value in MemoryMarshal.Cast<byte, float>(bytes))
                {
                    if (float.IsFinite(value))
                    {
                        json.WriteNumberValue(value);
                    }
                    else
                    {
                        json.WriteNullValue();
                    }
                }

                break;
            case ElementType.Float64:
                foreach (double value in MemoryMarshal.Cast<byte, double>(bytes))
                {
                    if (double.IsFinite(value))
                    {
                        json.WriteNumberValue(value);
                    }
                    else
                    {
                        json.WriteNullValue();
                    }
                }

                break;
            case ElementType.Float16:
                WriteHalves(json, MemoryMarshal.Cast<byte, Half>(bytes));
                break;
            case ElementType.Bool:
                foreach (byte value in bytes)
                {
                    json.WriteBooleanValue(value != 0);
                }

                break;
            default:
                WriteIntegers(json, bytes, type);
                break;
        }
    }

    private static void WriteHalves(Utf8JsonWriter json, ReadOnlySpan<Half> values)
    {
        Span<byte> text = stackalloc byte[32];
        foreach (Half value in values)
        {
            if (Half.IsFinite(value) && value.TryFormat(text, out int length, default, CultureInfo.InvariantCulture))
            {
                json.WriteRawValue(text[..length], skipInputValidation: true);
            }
            else
            {
                json.WriteNullValue();
            }
        }
    }

    private static void WriteIntegers(Utf8JsonWriter json, ReadOnlySpan<byte> bytes, ElementType type)
    {
        switch (type)
        {
            case ElementType.Int64:
                foreach (long value in MemoryMarshal.Cast<byte, long>(bytes))
                {
                    json.WriteNumberValue(value);
                }

                break;
            case ElementType.UInt64:
                foreach (ulong value in MemoryMarshal.Cast<byte, ulong>(bytes))
                {
                    json.WriteNumberValue(value);
                }

                break;
            case ElementType.Int32:
                foreach (int value in MemoryMarshal.Cast<byte, int>(bytes))
                {
                    json.WriteNumberValue(value);
                }

                break;
            case ElementType.UInt32:
                foreach (uint value in MemoryMarshal.Cast<byte, uint>(bytes))
                {
                    json.WriteNumberValue(value);
                }

                break;
            case ElementType.Int16:
                foreach (short value in MemoryMarshal.Cast<byte, short>(bytes))
                {
                    json.WriteNumberValue(value);
                }

                break;
            case ElementType.UInt16:
                foreach (ushort value in MemoryMarshal.Cast<byte, ushort>(bytes))
                {
                    json.WriteNumberValue(value);
                }

                break;
            case ElementType.Int8:
                foreach (sbyte value in MemoryMarshal.Cast<byte, sbyte>(bytes))
                {
                    json.WriteNumberValue(value);
                }

                break;
            default:
                foreach (byte value in bytes)
                {
                    json.WriteNumberValue(value);
                }

                break;
        }
    }
}
