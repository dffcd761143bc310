#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Text;

/// <summary>Texts, in UTF-8, one behind the other.</summary>
internal sealed class TextColumn : Column
{
    private readonly Column<byte> _bytes = new();
    private readonly Column<int> _ends = new();

    internal override int Count => _ends.Count;

    internal void Add(ReadOnlySpan<byte> text)
    {
        _bytes.Add(text);
        _ends.Add(_bytes.Count);
    }

    internal void Add(string text)
    {
        Encoding.UTF8.GetBytes(text, _bytes.Reserve(Encoding.UTF8.GetByteCount(text)));
        _ends.Add(_bytes.Count);
    }

    internal void Add(string[] texts)
    {
        Array.ForEach(texts, Add);
    }

    /// <summary>Room for a text, to be filled, of which <see cref="EndText"/> says how much of it is used.</summary>
    internal Span<byte> Reserve(int maxLength)
    {
        return _bytes.Reserve(maxLength);
    }

    /// <summary>Ends the text for which room was reserved.</summary>
    internal void EndText(int length)
    {
        _bytes.Truncate(Start(_ends.Count) + length);
        _ends.Add(_bytes.Count);
    }

    internal ReadOnlySpan<byte> Utf8(int index)
    {
        return _bytes.Values[Start(index).._ends.Values[index]];
    }

    internal string Text(int index)
    {
        return Encoding.UTF8.GetString(Utf8(index));
    }

    internal override void Clear()
    {
        _bytes.Clear();
        _ends.Clear();
    }

    internal override void Truncate(int count)
    {
        _bytes.Truncate(Start(count));
        _ends.Truncate(count);
    }

    internal override ReadOnlySpan<byte> Bytes(int start, int count)
    {
        throw new NotSupportedException("Texts have no flat memory.");
    }

    internal override void AddBytes(ReadOnlySpan<byte> bytes)
    {
        throw new NotSupportedException("Texts have no flat memory.");
    }

    private int Start(int index)
    {
        return index == 0 ? 0 : _ends.Values[index - 1];
    }
}
