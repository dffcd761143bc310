#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers;
using System.Linq;
using System.Text.Json;

/// <summary>Reads the body of a request, a row or <c>{"rows": [row, …]}</c>, into columns. Holds nothing of a request.</summary>
internal sealed class RowsReader
{
    private static readonly RowsReader OfTheModel = new(ModelContract.OfTheModel, RowCheck.OfTheModel);

    private readonly ModelContract _contract;
    private readonly RowCheck _check;
    private readonly byte[][] _names;
    private readonly ValueReader[] _values;
    private readonly bool _hasRowsInput;
    private readonly RowSentences _sentences;
    private readonly OtherMembers _others;

    internal RowsReader(ModelContract contract, RowCheck check)
    {
        _contract = contract;
        _check = check;
        _sentences = new RowSentences(contract);
        _others = new OtherMembers(contract, _sentences);
        _names = Array.ConvertAll(contract.Inputs, input => System.Text.Encoding.UTF8.GetBytes(input.Name));
        _values = [.. Enumerable.Range(0, contract.Inputs.Length).Select(place => ValueReader.Create(contract, check.Sizes, place))];
        _hasRowsInput = Array.Exists(contract.Inputs, input => string.Equals(input.Name, RowSentences.RowsName, StringComparison.Ordinal));
    }

    /// <summary>Reads a request of the model.</summary>
    /// <param name="body">All of it.</param>
    /// <param name="rows">Takes the rows; empty before.</param>
    /// <param name="maxRows">Most rows of a list.</param>
    /// <returns>Whether it is a list of rows.</returns>
    /// <exception cref="ArgumentException">It is not what the contract says; the sentence names the row, the field and the index.</exception>
    internal static bool Read(in ReadOnlySequence<byte> body, RequestRows rows, int maxRows = int.MaxValue)
    {
        OfTheModel.ReadBody(body, rows, maxRows);
        return rows.IsList;
    }

    /// <summary>Reads one row of the model behind those that are there, such as a line of NDJSON. It takes nothing where it throws.</summary>
    /// <exception cref="ArgumentException">It is not what the contract says; the sentence names the field and the index.</exception>
    internal static void ReadRow(in ReadOnlySequence<byte> line, RequestRows rows)
    {
        try
        {
            OfTheModel.ReadBody(line, rows, 0);
        }
        catch
        {
            rows.DropOpen();
            throw;
        }
    }

    /// <param name="body">All of it.</param>
    /// <param name="rows">Takes the rows.</param>
    /// <param name="maxRows">Most rows of a list; 0 where it must be a row.</param>
    internal void ReadBody(in ReadOnlySequence<byte> body, RequestRows rows, int maxRows)
    {
        if (body.IsSingleSegment)
        {
            ReadBody(body.FirstSpan, rows, maxRows);
            return;
        }

        // Copied it is read at twice the speed.
        int length = checked((int)body.Length);
        byte[] copy = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            body.CopyTo(copy);
            ReadBody(copy.AsSpan(0, length), rows, maxRows);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    private void ReadBody(ReadOnlySpan<byte> text, RequestRows rows, int maxRows)
    {
        var body = new BodyReader(text);
        try
        {
            if (body.Next == 0)
            {
                throw Refusal.Of("Expected " + _sentences.ExpectedRow(maxRows > 0) + ", got an empty body.", -1);
            }

            if (body.Read() != JsonTokenType.StartObject)
            {
                throw Refusal.Of("Expected " + _sentences.ExpectedRow(maxRows > 0) + ", got " + body.Describe() + ".", -1);
            }

            ReadRow(ref body, rows, -1, maxRows);

            // Throws where something follows.
            body.Read();
        }
        catch (JsonException error)
        {
            throw RowSentences.NotJson(text, error);
        }
    }

    /// <summary>Reads a row whose object has begun; or the rows in its place, at most <paramref name="maxRows"/>.</summary>
    private void ReadRow(ref BodyReader body, RequestRows rows, int row, int maxRows)
    {
        rows.Open();
        int given = 0;
        int others = 0;
        int texts = rows.TextRows.Count;
        while (body.Read() == JsonTokenType.PropertyName)
        {
            if (body.Json.ValueIsEscaped && !body.IsWellFormed())
            {
                throw Refusal.Of("Expected names of well-formed text, got " + BodyReader.IllFormed + ".", row);
            }

            int place = FindInput(ref body.Json, given);
            if (place >= 0 && !(_hasRowsInput && maxRows > 0 && IsListNext(body)) && !(_contract.TakesText && IsTextNext(body)))
            {
                if (rows.OpenCounts[place] >= 0)
                {
                    throw RowSentences.Twice(_contract.Inputs[place].Name, row);
                }

                body.Read();
                int start = rows.Columns[place].Count;
                _values[place].Read(ref body, rows, row);
                rows.OpenCounts[place] = rows.Columns[place].Count - start;
                given++;
                continue;
            }

            if (maxRows > 0 && body.Json.ValueTextEquals(RowSentences.RowsName))
            {
                ReadRows(ref body, rows, given + others, maxRows);
                return;
            }

            _others.Read(ref body, rows, row, texts);
            others++;
        }

        if (rows.TextRows.Count > texts)
        {
            EndText(rows, given + others, row);
        }
        else
        {
            EndRow(rows, given, row);
        }
    }

    private void EndRow(RequestRows rows, int given, int row)
    {
        if (given < _values.Length)
        {
            throw _sentences.Missing(rows, row);
        }

        if (rows.HasTexts)
        {
            throw Refusal.Of("Expected " + RowSentences.TextName + " as in the rows before it, got the inputs themselves.", row, RowSentences.TextName);
        }

        _check.Sizes.Complete(rows.OpenCounts, rows.OpenSizes, row);
        for (int place = 0; place < _values.Length; place++)
        {
            // The texts have been checked when they were copied.
            if (!_contract.Inputs[place].IsText)
            {
                Column column = rows.Columns[place];
                _check.Values[place].Check(column, column.Count - rows.OpenCounts[place], row);
            }
        }

        rows.EndRow(rows.OpenSizes);
    }

    private void EndText(RequestRows rows, int members, int row)
    {
        if (members > 1)
        {
            throw Refusal.Of("Expected either " + RowSentences.TextName + " or " + _sentences.InputNames() + ", got both.", row, RowSentences.TextName);
        }

        if (rows.Count > 0)
        {
            throw Refusal.Of("Expected the inputs themselves as in the rows before it, got " + RowSentences.TextName + ".", row, RowSentences.TextName);
        }
    }

    /// <summary>Reads the rows of a list, and the end of the object that holds it.</summary>
    private void ReadRows(ref BodyReader body, RequestRows rows, int members, int maxRows)
    {
        if (members > 0)
        {
            throw Refusal.Of("Expected either a row or \"rows\", got both.", -1, RowSentences.RowsName);
        }

        rows.IsList = true;
        if (body.Read() != JsonTokenType.StartArray)
        {
            throw Refusal.Of("rows: expected an array of rows, got " + body.Describe() + ".", -1, RowSentences.RowsName);
        }

        int count = 0;
        while (body.Read() != JsonTokenType.EndArray)
        {
            if (count == maxRows)
            {
                throw Refusal.Of("rows: expected at most " + Number.Text(maxRows) + " rows, got more: send them in several requests.", -1, RowSentences.RowsName);
            }

            if (body.Token != JsonTokenType.StartObject)
            {
                throw Refusal.Of("Expected " + _sentences.ExpectedRow(false) + ", got " + body.Describe() + ".", count);
            }

            ReadRow(ref body, rows, count, 0);
            count++;
        }

        if (count == 0)
        {
            throw Refusal.Of("rows: expected at least 1 row, got 0.", -1, RowSentences.RowsName);
        }

        if (body.Read() != JsonTokenType.EndObject)
        {
            throw body.Json.ValueSpan.SequenceEqual("rows"u8)
                ? Refusal.Of("rows: expected once, got it twice.", -1, RowSentences.RowsName)
                : Refusal.Of("Expected \"rows\" alone, got \"" + body.Shorten() + "\" beside them.", -1, body.Shorten());
        }
    }

    /// <summary>The place of the input whose name was read; -1 where it is none. Inputs mostly come in the contract's order.</summary>
    private int FindInput(ref Utf8JsonReader json, int guess)
    {
        if (guess < _names.Length && json.ValueTextEquals(_names[guess]))
        {
            return guess;
        }

        for (int place = 0; place < _names.Length; place++)
        {
            if (json.ValueTextEquals(_names[place]))
            {
                return place;
            }
        }

        return -1;
    }

    /// <summary>Whether the value of the member is an array of objects: not an input that is called so, but rows.</summary>
    private static bool IsListNext(BodyReader body)
    {
        return body.Json.ValueTextEquals(RowSentences.RowsName) && body.Read() == JsonTokenType.StartArray && body.Next == '{';
    }

    /// <summary>Whether the value of the member is a text: not an input that is called so.</summary>
    private static bool IsTextNext(BodyReader body)
    {
        return body.Json.ValueTextEquals(RowSentences.TextName) && body.Read() == JsonTokenType.String;
    }
}
