#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Text.Json;

/// <summary>Reads the tensors of a request into its columns: from JSON, or from the bytes behind it.</summary>
internal ref struct TensorReader
{
    private const int MaxRank = 16;
    private const string Where = "inputs";

    private readonly InferRequest _request;
    private readonly RequestRows _rows;
    private readonly RowCheck _check;
    private readonly TensorDescription[] _inputs;
    private readonly Span<long> _sizes;

    // Of the tensor that is being read.
    private int _place;
    private string? _datatype;
    private int _rank;
    private int _binarySize;
    private long _count;

    internal TensorReader(InferRequest request, RequestRows rows, RowCheck check)
    {
        _request = request;
        _rows = rows;
        _check = check;
        _inputs = request.Contract.Inputs;
        _sizes = new long[MaxRank];
    }

    /// <summary>Where the last binary tensor ended, and the next one begins.</summary>
    internal int BinaryEnd { get; set; }

    internal void Read(ref Utf8JsonReader json)
    {
        json.Read();
        InferReader.Expect(json.TokenType == JsonTokenType.StartArray, Where, "an array of tensors");
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            InferReader.Expect(json.TokenType == JsonTokenType.StartObject, Where, "an array of tensors");
            ReadTensor(ref json);
        }
    }

    private void ReadTensor(ref Utf8JsonReader json)
    {
        (_place, _datatype, _rank, _binarySize) = (-1, null, -1, -1);
        bool isRead = false;
        bool hasLater = false;
        Utf8JsonReader later = default;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (!json.ValueTextEquals("data"u8))
            {
                ReadMember(ref json);
                continue;
            }

            json.Read();
            InferReader.Expect(!isRead && !hasLater, Where, "one data for each", "two");
            isRead = _place >= 0 && _datatype is not null && _rank >= 0;
            if (isRead)
            {
                ReadValues(ref json);
            }
            else
            {
                // What they are stands behind them.
                hasLater = true;
                later = json;
                json.Skip();
            }
        }

        if (hasLater)
        {
            isRead = true;
            ReadValues(ref later);
        }

        InferReader.Expect(!isRead || _binarySize < 0, Name, "data or binary_data_size", "both");
        if (!isRead)
        {
            ReadBinary();
        }
    }

    private readonly string Name => _place < 0 ? Where : _place == _inputs.Length ? OpenInferenceMetadata.TextInput : _inputs[_place].Name;

    private void ReadMember(ref Utf8JsonReader json)
    {
        if (json.ValueTextEquals("name"u8))
        {
            json.Read();
            _place = InferReader.FindName(ref json, _inputs, Where, _request.Contract.TakesText);
        }
        else if (json.ValueTextEquals("datatype"u8))
        {
            json.Read();
            InferReader.Expect(json.TokenType == JsonTokenType.String, Name, "a datatype that is a text");
            _datatype = Datatypes.Read(ref json);
        }
        else if (json.ValueTextEquals("shape"u8))
        {
            ReadShape(ref json);
        }
        else if (json.ValueTextEquals("parameters"u8))
        {
            ReadParameters(ref json);
        }
        else
        {
            json.Read();
            json.Skip();
        }
    }

    private void ReadShape(ref Utf8JsonReader json)
    {
        const string Expected = "a shape that is an array of at most 16 sizes";
        json.Read();
        InferReader.Expect(json.TokenType == JsonTokenType.StartArray, Name, Expected);
        _rank = 0;
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            long size = -1;
            InferReader.Expect(
                _rank < MaxRank && json.TokenType == JsonTokenType.Number && json.TryGetInt64(out size) && size >= 0, Name, Expected);
            _sizes[_rank++] = size;
        }
    }

    private void ReadParameters(ref Utf8JsonReader json)
    {
        json.Read();
        InferReader.Expect(json.TokenType == JsonTokenType.StartObject, Name, "parameters that are an object");
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (!json.ValueTextEquals("binary_data_size"u8))
            {
                InferReader.RefuseSharedMemory(ref json, Name);
                json.Read();
                json.Skip();
                continue;
            }

            json.Read();
            bool isSize = json.TokenType == JsonTokenType.Number && json.TryGetInt32(out _binarySize) && _binarySize >= 0;
            InferReader.Expect(isSize, Name, "a binary_data_size that is a number of bytes");
        }
    }

    /// <summary>Checks what the tensor is, once its name, datatype and shape are known.</summary>
    private void Begin()
    {
        InferReader.Expect(_place >= 0, Where, "a name for each", "a tensor without");
        InferReader.Expect(_datatype is not null, Name, "a datatype", "none");
        InferReader.Expect(_rank >= 0, Name, "a shape", "none");
        bool isText = _place == _inputs.Length;
        bool isTwice = isText ? _request.HasText : _request.HasInput[_place];
        InferReader.Expect(!isTwice, Where, "each name once", "\"" + Name + "\" twice");
        string datatype = isText ? Datatypes.Bytes : Datatypes.Of(_inputs[_place].Type);
        InferReader.Expect(string.Equals(_datatype, datatype, StringComparison.Ordinal), Name, "datatype " + datatype, _datatype!);
        ReadOnlySpan<long> shape = _sizes[.._rank];
        if (isText)
        {
            // One column of a table is what clients make of texts too.
            bool isColumn = _rank == 1 || (_rank == 2 && shape[1] == 1);
            InferReader.Expect(isColumn && shape[0] <= int.MaxValue, Name, "shape [batch]", "[" + string.Join(", ", shape.ToArray()) + "]");
            _request.HasText = true;
            _request.Rows = (int)shape[0];
            _count = shape[0];
        }
        else
        {
            _request.Rows = _check.Sizes.Match(_place, shape, _request.Rows, _request.Sizes);
            _request.HasInput[_place] = true;
            _count = 1;
            foreach (long size in shape)
            {
                _count = Check.Product(_count, (int)size);
            }
        }

        InferReader.Expect(_request.Rows >= 1, Name, "at least 1 row", "none");
    }

    private void ReadValues(ref Utf8JsonReader json)
    {
        Begin();
        if (_place == _inputs.Length)
        {
            JsonTensor.ReadTexts(ref json, Name, _rows.TextRows);
        }
        else
        {
            JsonTensor.Read(ref json, _inputs[_place], _rows.Columns[_place]);
        }

        End();
    }

    private void ReadBinary()
    {
        Begin();
        InferReader.Expect(_binarySize >= 0, Name, "data, or parameters with binary_data_size", "neither");
        ReadOnlySpan<byte> behind = _request.Body.Values[BinaryEnd..];
        InferReader.Expect(
            _binarySize <= behind.Length,
            Name,
            "the " + Number.Text(_binarySize) + " bytes of its binary_data_size behind the JSON and the tensors before it",
            Number.Text(behind.Length) + " bytes: see " + InferBody.HeaderLength);
        ReadOnlySpan<byte> bytes = behind[.._binarySize];
        if (_place == _inputs.Length)
        {
            BinaryTensor.ReadTexts(bytes, Name, _rows.TextRows);
        }
        else
        {
            BinaryTensor.Read(bytes, _inputs[_place], _count, _rows.Columns[_place]);
        }

        BinaryEnd += _binarySize;
        End();
    }

    /// <summary>Checks the values.</summary>
    private readonly void End()
    {
        bool isText = _place == _inputs.Length;
        int count = isText ? _rows.TextRows.Count : _rows.Columns[_place].Count;
        InferReader.Expect(count == _count, Name, Number.Text(_count) + " values, by its shape", Number.Text(count));
        if (!isText)
        {
            _check.Values[_place].Check(_rows.Columns[_place], 0, -1);
        }
    }
}
