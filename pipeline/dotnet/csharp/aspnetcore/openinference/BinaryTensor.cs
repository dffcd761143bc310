#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

/// <summary>Tensors as bytes: the values one behind the other, little-endian; each text behind its length in 4 bytes.</summary>
internal static class BinaryTensor
{
    private const int LengthSize = sizeof(uint);

    /// <param name="bytes">The whole tensor.</param>
    /// <param name="input">The tensor's description.</param>
    /// <param name="count">Number of values by its shape.</param>
    /// <param name="column">To be filled.</param>
    /// <exception cref="ArgumentException">It has another length, or holds what is no value of its type.</exception>
    internal static void Read(ReadOnlySpan<byte> bytes, TensorDescription input, long count, Column column)
    {
        if (column is TextColumn texts)
        {
            ReadTexts(bytes, input.Name, texts);
            return;
        }

        long size = count * input.ElementSize;
        InferReader.Expect(
            bytes.Length == size,
            input.Name,
            "a binary_data_size of " + Number.Text(size) + " (" + Number.Text(count) + " values of " + Number.Text(input.ElementSize) + " bytes, by its shape)",
            Number.Text(bytes.Length));
        int index = input.Type == ElementType.Bool ? bytes.IndexOfAnyExceptInRange((byte)0, (byte)1) : -1;
        if (index >= 0)
        {
            throw Refusal.Of(
                input.Name + ": expected bytes that are 0 or 1, got " + Number.Text(bytes[index]) + " at index " + Number.Text(index) + ".", -1, input.Name, index);
        }

        column.AddBytes(bytes);
    }

    /// <exception cref="ArgumentException">It ends inside a text, or a text is not UTF-8.</exception>
    internal static void ReadTexts(ReadOnlySpan<byte> bytes, string name, TextColumn column)
    {
        while (bytes.Length > 0)
        {
            uint length = bytes.Length < LengthSize ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            if (bytes.Length < LengthSize || length > bytes.Length - LengthSize)
            {
                throw Refusal.Of(
                    name + ": expected 4 bytes with the length of the text and as many bytes of text, got the tensor's end inside of them at index "
                    + Number.Text(column.Count) + ".",
                    -1,
                    name,
                    column.Count);
            }

            ReadOnlySpan<byte> text = bytes.Slice(LengthSize, (int)length);
            if (!Utf8.IsValid(text))
            {
                throw Refusal.Of(name + ": expected text in UTF-8, got other bytes at index " + Number.Text(column.Count) + ".", -1, name, column.Count);
            }

            column.Add(text);
            bytes = bytes[(LengthSize + text.Length)..];
        }
    }

    internal static void AddText(string text, Column<byte> bytes)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.Reserve(LengthSize), (uint)length);
        Encoding.UTF8.GetBytes(text, bytes.Reserve(length));
    }
}
