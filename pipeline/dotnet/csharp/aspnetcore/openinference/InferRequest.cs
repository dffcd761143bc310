#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text.Json;

/// <summary>What a request says beside its rows, and the memory of its body and of its answer, which is kept from request to request.</summary>
internal sealed class InferRequest : IDisposable
{
    private const int MaxKept = 1 << 20;

    private ArrayBufferWriter<byte> _answer = new();

    internal InferRequest(ModelContract contract)
    {
        Contract = contract;
        Sizes = new int[contract.InputAxes];
        HasInput = new bool[contract.Inputs.Length];
        AnswerTextSizes = new int[contract.Outputs.Length];
        Answer = new Utf8JsonWriter(_answer, new JsonWriterOptions { SkipValidation = true });
        Clear();
    }

    internal ModelContract Contract { get; }

    internal Column<byte> Body { get; } = new();

    /// <summary>Number of rows; -1 before an input has told it.</summary>
    internal int Rows { get; set; }

    /// <summary>Sizes of the inputs' axes; -1 before an input has told them.</summary>
    internal int[] Sizes { get; }

    /// <summary>By the place of the input.</summary>
    internal bool[] HasInput { get; }

    internal bool HasText { get; set; }

    /// <summary>None where all are asked for.</summary>
    internal List<RequestedOutput> Outputs { get; } = [];

    /// <summary>Whether outputs are asked for as bytes behind the JSON.</summary>
    internal bool IsBinary { get; set; }

    /// <summary>Where the identifier stands in the body, as it is there, in its quotes; empty where there is none.</summary>
    internal Range Id { get; set; }

    /// <summary>Writes into <see cref="AnswerJson"/>.</summary>
    internal Utf8JsonWriter Answer { get; }

    internal ReadOnlyMemory<byte> AnswerJson => _answer.WrittenMemory;

    /// <summary>Texts of outputs as bytes, each behind its length.</summary>
    internal Column<byte> AnswerTexts { get; } = new();

    /// <summary>How many bytes of them belong to an output, by its place.</summary>
    internal int[] AnswerTextSizes { get; }

    internal void Clear()
    {
        Body.Clear();
        Rows = -1;
        Sizes.AsSpan().Fill(-1);
        HasInput.AsSpan().Clear();
        HasText = false;
        Outputs.Clear();
        IsBinary = false;
        Id = default;
        AnswerTexts.Clear();
        _answer.ResetWrittenCount();
        if (_answer.Capacity > MaxKept)
        {
            _answer = new ArrayBufferWriter<byte>();
        }

        Answer.Reset(_answer);
    }

    public void Dispose()
    {
        Answer.Dispose();
    }
}
