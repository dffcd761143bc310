#nullable enable

namespace TheNamespace.TheModelEngine;

using System;

/// <summary>Why an execution provider was not taken.</summary>
internal static class ProviderFailure
{
    internal static string Reason(ExecutionProvider provider, Exception error)
    {
        bool notBuilt = error is EntryPointNotFoundException or NotSupportedException
            || ErrorText.Has(error.Message, "not supported in this build")
            || ErrorText.Has(error.Message, "Unknown provider name");
        if (notBuilt)
        {
            return "the native library was not built with it" + (provider.Package.Length == 0
                ? string.Empty
                : " (reference " + provider.Package + ", and Microsoft.ML.OnnxRuntime with ExcludeAssets=\"all\", whose file would take the place of its own)");
        }

        string message = ErrorText.OneLine(error.Message);
        return ErrorText.Has(message, "Failed to load shared library")
            ? "its own library, or one that it needs (the driver's, CUDA's, cuDNN's), is not on this machine (" + message + ")"
            : message;
    }
}
