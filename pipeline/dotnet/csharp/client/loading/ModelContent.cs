#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.IO;
using Microsoft.ML.OnnxRuntime;

/// <summary>A model whose content was checked: a file, which onnxruntime reads itself, or bytes.</summary>
internal sealed class ModelContent
{
    private readonly byte[]? _bytes;

    private ModelContent(string path, byte[]? bytes)
    {
        Path = path;
        _bytes = bytes;
    }

    /// <summary>Empty where the model came as bytes.</summary>
    internal string Path { get; }

    internal static ModelContent InFile(string path)
    {
        return new ModelContent(path, bytes: null);
    }

    /// <exception cref="TheModelLoadException">The bytes are not the model of this package.</exception>
    internal static ModelContent FromBytes(byte[] bytes, PackageFile expected, string source = "the byte array")
    {
        string sha256 = Checksum.Sha256(bytes);
        return string.Equals(sha256, expected.Sha256, StringComparison.OrdinalIgnoreCase)
            ? new ModelContent(string.Empty, bytes)
            : throw PackageFileFailure.Different(expected, sha256, bytes.LongLength, source);
    }

    /// <summary>Reads a stream to its end, or to where it is longer than the model, and leaves it open.</summary>
    /// <exception cref="TheModelLoadException">The content is not the model of this package.</exception>
    internal static ModelContent FromStream(Stream stream, PackageFile expected)
    {
        const string Source = "the stream";
        byte[] bytes = new byte[expected.Bytes];
        int length = 0;
        int read;
        while (length < bytes.Length && (read = stream.Read(bytes, length, bytes.Length - length)) > 0)
        {
            length += read;
        }

        if (length == bytes.Length && stream.Read(new byte[1], 0, 1) > 0)
        {
            throw PackageFileFailure.TooLong(expected, Source);
        }

        Array.Resize(ref bytes, length);
        return FromBytes(bytes, expected, Source);
    }

    internal InferenceSession OpenSession(SessionOptions settings)
    {
        return _bytes is null ? new InferenceSession(Path, settings) : new InferenceSession(_bytes, settings);
    }
}
