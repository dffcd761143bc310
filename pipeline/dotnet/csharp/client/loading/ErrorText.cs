#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Linq;

/// <summary>Reads what .NET and onnxruntime say of an error.</summary>
internal static class ErrorText
{
    internal static bool Has(string message, string words)
    {
#if NET
        return message.Contains(words, StringComparison.Ordinal);
#else
        return message.Contains(words);
#endif
    }

    internal static string OneLine(string message)
    {
        return string.Join(" ", Lines(message));
    }

    internal static string[] Lines(string message)
    {
        return message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries).Select(line => line.Trim()).ToArray();
    }
}
