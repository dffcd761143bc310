#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text.Json;

/// <summary>Writes the values of a whole tensor into an array of JSON. A number that is not finite, which JSON does not have, is null.</summary>
internal static class JsonNumbers
{
    // No number of any type is longer, its comma included.
    private const int Longest = 40;
    private const int AtOnce = 64;

    internal static void Write(Utf8JsonWriter json, ReadOnlySpan<byte> bytes, ElementType type)
    {
        switch (type)
        {
            case ElementType.Float32:
                Write<float>(json, bytes);
                break;
            case ElementType.Float64:
                Write<double>(json, bytes);
                break;
            case ElementType.Float16:
                Write<Half>(json, bytes);
                break;
            case ElementType.Int8:
                Write<sbyte>(json, bytes);
                break;
            case ElementType.Int16:
                Write<short>(json, bytes);
                break;
            case ElementType.Int32:
                Write<int>(json, bytes);
                break;
            case ElementType.Int64:
                Write<long>(json, bytes);
                break;
            case ElementType.UInt8:
                Write<byte>(json, bytes);
                break;
            case ElementType.UInt16:
                Write<ushort>(json, bytes);
                break;
            case ElementType.UInt32:
                Write<uint>(json, bytes);
                break;
            case ElementType.UInt64:
                Write<ulong>(json, bytes);
                break;
            default:
                foreach (byte value in bytes)
                {
                    json.WriteBooleanValue(value != 0);
                }

                break;
        }
    }

    private static void Write<T>(Utf8JsonWriter json, ReadOnlySpan<byte> bytes)
        where T : unmanaged, INumber<T>
    {
        ReadOnlySpan<T> values = MemoryMarshal.Cast<byte, T>(bytes);
        Span<byte> room = stackalloc byte[AtOnce * Longest];
        while (values.Length > 0)
        {
            int count = Math.Min(AtOnce, values.Length);
            int length = 0;
            foreach (T value in values[..count])
            {
                length += Format(value, room[length..]);
                room[length++] = (byte)',';
            }

            // Several values are written as if they were one.
            json.WriteRawValue(room[..(length - 1)], skipInputValidation: true);
            values = values[count..];
        }
    }

    private static int Format<T>(T value, Span<byte> room)
        where T : unmanaged, INumber<T>
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
