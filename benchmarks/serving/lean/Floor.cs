using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

namespace Torch2DotNet.Benchmarks;

/// <summary>What is left of an endpoint without its model: reads numbers and texts of a body into memory that is kept, and answers the same bytes each time.</summary>
internal sealed class Floor(byte[] answer)
{
    [ThreadStatic]
    private static float[]? _numbers;

    [ThreadStatic]
    private static byte[]? _text;

    public Task HandleAsync(HttpContext context)
    {
        PipeReader reader = context.Request.BodyReader;
        ValueTask<ReadResult> reading = reader.ReadAsync();
        if (!reading.IsCompletedSuccessfully)
        {
            return WaitAsync(context, reading);
        }

        ReadResult body = reading.Result;
        if (!body.IsCompleted)
        {
            reader.AdvanceTo(body.Buffer.Start, body.Buffer.End);
            return WaitAsync(context, reader.ReadAsync());
        }

        Answer(context, body);
        return Task.CompletedTask;
    }

    private async Task WaitAsync(HttpContext context, ValueTask<ReadResult> reading)
    {
        PipeReader reader = context.Request.BodyReader;
        ReadResult body = await reading;
        while (!body.IsCompleted)
        {
            reader.AdvanceTo(body.Buffer.Start, body.Buffer.End);
            body = await reader.ReadAsync();
        }

        Answer(context, body);
    }

    private void Answer(HttpContext context, ReadResult body)
    {
        Read(body.Buffer);
        context.Request.BodyReader.AdvanceTo(body.Buffer.End);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = answer.Length;
        context.Response.BodyWriter.Write(answer);
    }

    private static void Read(ReadOnlySequence<byte> body)
    {
        float[] numbers = _numbers ??= new float[1024];
        byte[] text = _text ??= new byte[1 << 16];
        int count = 0;
        var reader = new Utf8JsonReader(body);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Number)
            {
                numbers[count++] = reader.GetSingle();
            }
            else if (reader.TokenType == JsonTokenType.String)
            {
                reader.CopyString(text);
            }
        }
    }
}
