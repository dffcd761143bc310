#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Numerics;
using System.Text.Json;

/// <summary>
/// Reads numbers; null where the contract knows missing values; the label of a class instead of its number; bytes as base64. The numbers of
/// an array are taken from its text at once: a token each would cost more than the number.
/// </summary>
/// <typeparam name="T">Their type.</typeparam>
internal sealed class NumberReader<T> : ValueReader
    where T : unmanaged, INumber<T>, IMinMaxValue<T>
{
    private const string WhiteSpace = " \n\r\t";
    private static readonly long Minimum = long.CreateSaturating(T.MinValue);
    private static readonly long Maximum = long.CreateSaturating(T.MaxValue);
    private readonly bool _isInteger;

    internal NumberReader(ModelContract contract, InputSizes sizes, int place)
        : base(contract, sizes, place)
    {
        _isInteger = Input.IsInteger;
    }

    private protected override void ReadValues(ref BodyReader body, Column column, int start, int row)
    {
        int length = ReadText(body.Rest, (Column<T>)column);
        if (length > 0)
        {
            body.Skip(length);
            body.Read();
            return;
        }

        base.ReadValues(ref body, column, start, row);
    }

    private protected override void ReadValue(ref BodyReader body, Column column, int start, int row)
    {
        switch (body.Token)
        {
            case JsonTokenType.Number:
                ReadOnlySpan<byte> text = body.Json.ValueSpan;
                if (!TryConvert(DecimalNumber.Read(text, out _), text, out T value))
                {
                    throw OutOfRange(body, column, start, row);
                }

                ((Column<T>)column).Add(value);
                break;
            case JsonTokenType.Null when Input.AllowsMissing:
                ((Column<T>)column).Add(T.CreateSaturating(double.NaN));
                break;
            case JsonTokenType.String when Input.IsClass:
                ((Column<T>)column).Add(T.CreateChecked(FindLabel(ref body, row)));
                break;
            default:
                throw Refused(body, column, start, row);
        }
    }

    private protected override bool TryReadWhole(ref BodyReader body, Column column)
    {
        if (typeof(T) != typeof(byte) || body.Token != JsonTokenType.String)
        {
            return false;
        }

        // Base64 may have escapes: + and / are often written so.
        var bytes = (Column<byte>)column;
        int start = bytes.Count;
        Span<byte> room = bytes.Reserve(body.Json.ValueSpan.Length);
        int length = 0;
        bool isBase64 = body.TryCopyText(room, out int textLength)
            && Base64.DecodeFromUtf8InPlace(room[..textLength], out length) == OperationStatus.Done;
        bytes.Truncate(start + (isBase64 ? length : 0));
        return isBase64;
    }

    /// <summary>Reads the numbers of an array.</summary>
    /// <returns>The length of their text, to the array's end; 0 where something else is among them, and none is taken.</returns>
    private int ReadText(ReadOnlySpan<byte> text, Column<T> column)
    {
        int start = column.Count;
        int i = SkipWhiteSpace(text, 0);
        while (i < text.Length)
        {
            ReadOnlySpan<byte> rest = text[i..];
            DecimalNumber number = DecimalNumber.Read(rest, out int length);
            if (length > 0)
            {
                if (!TryConvert(number, rest[..length], out T value))
                {
                    break;
                }

                column.Add(value);
            }
            else if (Input.AllowsMissing && rest.StartsWith("null"u8))
            {
                column.Add(T.CreateSaturating(double.NaN));
                length = 4;
            }
            else
            {
                break;
            }

            i = SkipWhiteSpace(text, i + length);
            if (i == text.Length || text[i] != ',')
            {
                if (i < text.Length && text[i] == ']')
                {
                    return i;
                }

                break;
            }

            i = SkipWhiteSpace(text, i + 1);
        }

        column.Truncate(start);
        return 0;
    }

    private static int SkipWhiteSpace(ReadOnlySpan<byte> text, int start)
    {
        int i = start;
        while (i < text.Length && text[i] <= ' ' && WhiteSpace.Contains((char)text[i], StringComparison.Ordinal))
        {
            i++;
        }

        return i;
    }

    /// <summary>The value of the type; false where it has none, or none that is finite.</summary>
    private bool TryConvert(in DecimalNumber number, ReadOnlySpan<byte> text, out T value)
    {
        if (_isInteger)
        {
            if (number.IsWhole && number.IsComplete)
            {
                long whole = number.Whole;
                value = T.CreateTruncating(whole);
                return whole >= Minimum && whole <= Maximum;
            }

            value = T.Zero;
            return number.IsWhole && T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
        }

        if (typeof(T) == typeof(float) && number.TryGetSingle(out float single))
        {
            value = (T)(object)single;
            return true;
        }

        if (typeof(T) == typeof(double) && number.TryGetDouble(out double wide))
        {
            value = (T)(object)wide;
            return true;
        }

        return T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && T.IsFinite(value);
    }

    private ArgumentException OutOfRange(in BodyReader body, Column column, int start, int row)
    {
        string range = _isInteger
            ? "integers from " + T.MinValue.ToString(null, CultureInfo.InvariantCulture) + " to " + T.MaxValue.ToString(null, CultureInfo.InvariantCulture)
            : "finite numbers, at most " + T.MaxValue.ToString(null, CultureInfo.InvariantCulture);
        bool isFraction = _isInteger && !DecimalNumber.Read(body.Json.ValueSpan, out _).IsWhole;
        string expected = isFraction ? ValueCheck.Expected(Input) : Input.Name + ": expected " + range + ", got ";
        return Refusal.OfValue(expected, body.Describe(), row, Input, column.Count - start);
    }

    private int FindLabel(ref BodyReader body, int row)
    {
        Span<byte> label = stackalloc byte[256];
        if (body.Json.ValueSpan.Length <= label.Length && body.TryCopyText(label, out int length))
        {
            string text = System.Text.Encoding.UTF8.GetString(label[..length]);
            int number = Array.IndexOf(Input.Labels, text);
            if (number >= 0)
            {
                return number;
            }
        }

        string name = body.Shorten();
        string listed = string.Join(", ", Input.Labels, 0, Math.Min(20, Input.Labels.Length)) + (Input.Labels.Length > 20 ? ", …" : string.Empty);
        string nearest = NearestName.Of(name, Input.Labels) is string meant ? "; did you mean \"" + meant + "\"?" : ".";
        throw Refusal.Of(Input.Name + ": expected the number of a class or one of its labels " + listed + ", got \"" + name + "\"" + nearest, row, Input.Name);
    }
}
