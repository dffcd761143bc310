#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Threading;

/// <summary>
/// A run whose inputs and outputs are addressed by their places in the contract, as bytes: for what reads and writes tensors without knowing
/// the contract's types, such as an endpoint. The generated client begins and ends it: <c>BeginRun</c>, <c>EndRun</c>.
/// </summary>
internal interface ITensorRun
{
    /// <summary>The memory of an input of numbers, row-major, all rows one behind the other; to be filled.</summary>
    Span<byte> Input(int place);

    /// <summary>Sets a value of an input of texts.</summary>
    /// <param name="place">Of the input.</param>
    /// <param name="index">Of the value, row-major.</param>
    /// <param name="text">As well-formed UTF-8.</param>
    void SetText(int place, int index, ReadOnlySpan<byte> text);

    /// <summary>Runs the model on the values of the inputs.</summary>
    /// <exception cref="OperationCanceledException">The token has ended the run.</exception>
    /// <exception cref="TheModelException">onnxruntime failed.</exception>
    void Run(CancellationToken cancellationToken);

    /// <summary>The memory of an output of numbers, row-major, all rows one behind the other; valid until the run is ended.</summary>
    ReadOnlySpan<byte> Output(int place);

    /// <summary>A value of an output of texts.</summary>
    string Text(int place, int index);

    /// <summary>The shape of an output, the batch first; -1 in <paramref name="expected"/> is any size.</summary>
    /// <exception cref="TheModelException">It is not the shape that is expected.</exception>
    long[] Shape(int place, string name, long[] expected);
}
