#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

/// <summary>Writes answers, each on a line.</summary>
internal sealed class LineWriter : IDisposable
{
    private readonly HttpContext _context;
    private readonly Utf8JsonWriter _writer;

    internal LineWriter(HttpContext context)
    {
        _context = context;
        _writer = new Utf8JsonWriter(context.Response.BodyWriter, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    internal void Answer(ModelCall call, int row)
    {
        RowsWriter.WriteRow(_writer, call, row);
        EndLine();
    }

    internal void Refuse(Problem problem, long line)
    {
        problem.Log(_context);
        _writer.WriteStartObject();
        _writer.WritePropertyName("error");
        problem.WriteTo(_writer, _context, line);
        _writer.WriteEndObject();
        EndLine();
    }

    public void Dispose()
    {
        _writer.Dispose();
    }

    private void EndLine()
    {
        _writer.Flush();
        _writer.Reset();
        _context.Response.BodyWriter.Write("\n"u8);
    }
}
