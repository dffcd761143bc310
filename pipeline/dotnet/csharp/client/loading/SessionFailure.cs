#nullable enable

namespace TheNamespace.TheModelEngine;

using System;

/// <summary>Why onnxruntime could not load the model, whose content is the right one, and what to do.</summary>
internal static class SessionFailure
{
    /// <param name="version">Of onnxruntime's native library.</param>
    /// <param name="error">What it says.</param>
    /// <param name="configured">Whether the program has configured the session.</param>
    internal static string Sentence(string version, string error, bool configured)
    {
        return "onnxruntime " + version + " could not load the model: " + ErrorText.OneLine(error)
            + (IsBefore(version, Facts.OldestOnnxRuntime) ? " Its format needs onnxruntime " + Facts.OldestOnnxRuntime + " or later." : string.Empty)
            + " The model was proven in Python with onnxruntime " + Facts.ProvenOnnxRuntime + ", and " + Facts.PackageId + " asks for " + Facts.BoundOnnxRuntime
            + " or later: reference Microsoft.ML.OnnxRuntime " + Facts.BoundOnnxRuntime + " or later from the program's own project"
            + (configured ? ", or correct what TheModelOptions.ConfigureSession sets." : ".");
    }

    /// <summary>False where one of them is no version, as of a build of one's own.</summary>
    private static bool IsBefore(string version, string other)
    {
        return Version.TryParse(version.Split('-', '+')[0], out Version? first) && Version.TryParse(other, out Version? second) && first < second;
    }
}
