#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers;
using System.IO.Pipelines;
using System.Threading.Tasks;

/// <summary>
/// Reads a body line by line, in the memory of its longest line at most. Numbers count all lines from 1; blank ones are counted and passed over.
/// </summary>
internal sealed class LineReader
{
    private readonly PipeReader _reader;
    private readonly long _maxLength;
    private ReadOnlySequence<byte> _rest = ReadOnlySequence<byte>.Empty;
    private bool _hasBuffer;
    private bool _isCompleted;
    private bool _isSkipping;

    /// <param name="reader">Of the body.</param>
    /// <param name="maxLength">Maximum length of a line; a longer one is passed over: see <see cref="IsTooLong"/>.</param>
    internal LineReader(PipeReader reader, long maxLength)
    {
        _reader = reader;
        _maxLength = maxLength;
    }

    /// <summary>Number of the line that was taken last.</summary>
    internal long Number { get; private set; }

    /// <summary>Whether the line that was taken last is empty because it is too long.</summary>
    internal bool IsTooLong { get; private set; }

    /// <summary>Waits until there is a line to take; lines that were taken before are gone.</summary>
    /// <returns>False at the end.</returns>
    internal async ValueTask<bool> WaitAsync()
    {
        while (true)
        {
            if (_hasBuffer)
            {
                if (HasLine())
                {
                    return true;
                }

                // What is skipped needs no memory.
                _reader.AdvanceTo(_isSkipping ? _rest.End : _rest.Start, _rest.End);
                _hasBuffer = false;
            }

            if (_isCompleted)
            {
                return false;
            }

            ReadResult result = await _reader.ReadAsync().ConfigureAwait(false);
            _rest = result.Buffer;
            _isCompleted = result.IsCompleted;
            _hasBuffer = true;
        }
    }

    /// <summary>Takes a line of those that have come; it is valid until <see cref="WaitAsync"/>.</summary>
    /// <returns>False when the next one has not come as a whole.</returns>
    internal bool TryTake(out ReadOnlySequence<byte> line)
    {
        while (TryCut(out line))
        {
            Number++;
            IsTooLong = _isSkipping || line.Length > _maxLength;
            _isSkipping = false;
            if (IsTooLong)
            {
                line = ReadOnlySequence<byte>.Empty;
                return true;
            }

            if (Number == 1)
            {
                line = WithoutMark(line);
            }

            if (!IsBlank(line))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Gives the body back to the server, wherever reading has ended.</summary>
    internal void End()
    {
        if (_hasBuffer)
        {
            _reader.AdvanceTo(_rest.Start);
            _hasBuffer = false;
        }
    }

    private static bool IsBlank(in ReadOnlySequence<byte> line)
    {
        foreach (ReadOnlyMemory<byte> part in line)
        {
            if (part.Span.IndexOfAnyExcept(" \t\r"u8) >= 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A file may begin with the mark of UTF-8.</summary>
    private static ReadOnlySequence<byte> WithoutMark(in ReadOnlySequence<byte> line)
    {
        var reader = new SequenceReader<byte>(line);
        return reader.IsNext([0xEF, 0xBB, 0xBF], advancePast: true) ? reader.UnreadSequence : line;
    }

    private bool HasLine()
    {
        if (_rest.PositionOf((byte)'\n') is not null)
        {
            return true;
        }

        if (_isCompleted)
        {
            return !_rest.IsEmpty || _isSkipping;
        }

        _isSkipping |= _rest.Length > _maxLength;
        return false;
    }

    private bool TryCut(out ReadOnlySequence<byte> line)
    {
        if (_rest.PositionOf((byte)'\n') is { } end)
        {
            line = _rest.Slice(0, end);
            _rest = _rest.Slice(_rest.GetPosition(1, end));
            return true;
        }

        line = _rest;
        if (!_isCompleted || (_rest.IsEmpty && !_isSkipping))
        {
            return false;
        }

        // The last line has no end.
        _rest = _rest.Slice(_rest.End);
        return true;
    }
}
