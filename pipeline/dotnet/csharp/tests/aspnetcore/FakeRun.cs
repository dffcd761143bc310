namespace TheNamespace.Tests;

using System;
using System.Runtime.InteropServices;
using System.Threading;
using TheNamespace.TheModelEngine;

/// <summary>A run that has ended, with outputs made by hand: arrays of numbers, or texts.</summary>
internal sealed class FakeRun(long[][] shapes, params Array[] outputs) : ITensorRun
{
    public Span<byte> Input(int place)
    {
        throw new NotSupportedException();
    }

    public void SetText(int place, int index, ReadOnlySpan<byte> text)
    {
        throw new NotSupportedException();
    }

    public void Run(CancellationToken cancellationToken)
    {
        throw new NotSupportedException();
    }

    public ReadOnlySpan<byte> Output(int place)
    {
        Array values = outputs[place];
        return MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(values), Buffer.ByteLength(values));
    }

    public string Text(int place, int index)
    {
        return ((string[])outputs[place])[index];
    }

    public long[] Shape(int place, string name, long[] expected)
    {
        return shapes[place];
    }
}
