#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

/// <summary>Reads the values of a tensor from JSON: an array, or arrays in arrays, row-major.</summary>
internal static class JsonTensor
{
    /// <param name="json">At the start of the array.</param>
    /// <param name="input">The tensor's description.</param>
    /// <param name="column">To be filled.</param>
    /// <exception cref="ArgumentException">A value is none of the tensor's type.</exception>
    internal static void Read(ref Utf8JsonReader json, TensorDescription input, Column column)
    {
        switch (column)
        {
            case Column<float> values:
                Read(ref json, input, values);
                break;
            case Column<double> values:
                Read(ref json, input, values);
                break;
            case Column<Half> values:
                Read(ref json, input, values);
                break;
            case Column<sbyte> values:
                Read(ref json, input, values);
                break;
            case Column<short> values:
                Read(ref json, input, values);
                break;
            case Column<int> values:
                Read(ref json, input, values);
                break;
            case Column<long> values:
                Read(ref json, input, values);
                break;
            case Column<byte> values:
                Read(ref json, input, values);
                break;
            case Column<ushort> values:
                Read(ref json, input, values);
                break;
            case Column<uint> values:
                Read(ref json, input, values);
                break;
            case Column<ulong> values:
                Read(ref json, input, values);
                break;
            case Column<bool> values:
                Read(ref json, input, values);
                break;
            default:
                ReadTexts(ref json, input.Name, (TextColumn)column);
                break;
        }
    }

    internal static void ReadTexts(ref Utf8JsonReader json, string name, TextColumn column)
    {
        int depth = Begin(ref json, name);
        while (Next(ref json, depth))
        {
            if (json.TokenType != JsonTokenType.String)
            {
                throw Refusal.Of(name + ": expected text, got " + Describe(ref json) + " at index " + Number.Text(column.Count) + ".", -1, name, column.Count);
            }

            // Escapes are longer than what they stand for.
            Span<byte> room = column.Reserve(json.HasValueSequence ? checked((int)json.ValueSequence.Length) : json.ValueSpan.Length);
            column.EndText(json.CopyString(room));
        }
    }

    private static void Read<T>(ref Utf8JsonReader json, TensorDescription input, Column<T> column)
        where T : unmanaged
    {
        int depth = Begin(ref json, input.Name);
        while (Next(ref json, depth))
        {
            if (!TryRead(ref json, input, out T value))
            {
                throw Refusal.Of(
                    ValueCheck.Expected(input) + Describe(ref json) + " at index " + Number.Text(column.Count) + ".", -1, input.Name, column.Count);
            }

            column.Add(value);
        }
    }

    private static int Begin(ref Utf8JsonReader json, string name)
    {
        InferReader.Expect(json.TokenType == JsonTokenType.StartArray, name, "data that is an array");
        return json.CurrentDepth;
    }

    /// <summary>Goes to the next value, however deep.</summary>
    private static bool Next(ref Utf8JsonReader json, int depth)
    {
        while (json.Read())
        {
            if (json.TokenType is not (JsonTokenType.StartArray or JsonTokenType.EndArray))
            {
                return true;
            }

            if (json.CurrentDepth == depth)
            {
                return false;
            }
        }

        return false;
    }

    // Once for each type: the compiler leaves only one of these.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryRead<T>(ref Utf8JsonReader json, TensorDescription input, out T value)
        where T : unmanaged
    {
        value = default;
        if (typeof(T) == typeof(bool))
        {
            bool isTrue = json.TokenType == JsonTokenType.True;
            value = Unsafe.As<bool, T>(ref isTrue);
            return isTrue || json.TokenType == JsonTokenType.False;
        }

        if (json.TokenType != JsonTokenType.Number)
        {
            bool isMissing = json.TokenType == JsonTokenType.Null && input.AllowsMissing && !input.IsInteger;
            value = isMissing ? NaN<T>() : value;
            return isMissing;
        }

        return typeof(T) == typeof(float) ? json.TryGetSingle(out Unsafe.As<T, float>(ref value)) && float.IsFinite(Unsafe.As<T, float>(ref value))
            : typeof(T) == typeof(double) ? json.TryGetDouble(out Unsafe.As<T, double>(ref value)) && double.IsFinite(Unsafe.As<T, double>(ref value))
            : typeof(T) == typeof(Half) ? TryReadHalf(ref json, out Unsafe.As<T, Half>(ref value))
            : typeof(T) == typeof(sbyte) ? json.TryGetSByte(out Unsafe.As<T, sbyte>(ref value))
            : typeof(T) == typeof(short) ? json.TryGetInt16(out Unsafe.As<T, short>(ref value))
            : typeof(T) == typeof(int) ? json.TryGetInt32(out Unsafe.As<T, int>(ref value))
            : typeof(T) == typeof(long) ? json.TryGetInt64(out Unsafe.As<T, long>(ref value))
            : typeof(T) == typeof(byte) ? json.TryGetByte(out Unsafe.As<T, byte>(ref value))
            : typeof(T) == typeof(ushort) ? json.TryGetUInt16(out Unsafe.As<T, ushort>(ref value))
            : typeof(T) == typeof(uint) ? json.TryGetUInt32(out Unsafe.As<T, uint>(ref value))
            : json.TryGetUInt64(out Unsafe.As<T, ulong>(ref value));
    }

    private static bool TryReadHalf(ref Utf8JsonReader json, out Half value)
    {
        bool isNumber = json.TryGetDouble(out double number);
        value = (Half)number;
        return isNumber && Half.IsFinite(value);
    }

    private static T NaN<T>()
        where T : unmanaged
    {
        object value = typeof(T) == typeof(float) ? float.NaN : typeof(T) == typeof(double) ? double.NaN : Half.NaN;
        return (T)value;
    }

    /// <summary>What a value is, as a sentence says it.</summary>
    private static string Describe(ref Utf8JsonReader json)
    {
        const int MaxLength = 40;
        string text = Encoding.UTF8.GetString(json.HasValueSequence ? json.ValueSequence.ToArray() : json.ValueSpan);
        text = text.Length > MaxLength ? text[..MaxLength] + "…" : text;
        return json.TokenType switch
        {
            JsonTokenType.String => "\"" + text + "\"",
            JsonTokenType.StartObject => "an object",
            _ => text,
        };
    }
}
