#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

/// <summary>Why there is no native library that Microsoft.ML.OnnxRuntime.Managed can use, and the one thing to do.</summary>
internal sealed class NativeLibraryFailure
{
    private readonly IReadOnlyList<string> _loaded;
    private readonly IReadOnlyList<string> _present;
    private readonly Exception _cause;

    /// <param name="loaded">Files of it that the process has loaded.</param>
    /// <param name="present">Files of it that lie where it is looked for.</param>
    /// <param name="cause">What .NET says.</param>
    internal NativeLibraryFailure(IReadOnlyList<string> loaded, IReadOnlyList<string> present, Exception cause)
    {
        _loaded = loaded;
        _present = present;
        _cause = cause;
    }

    /// <summary>Folders where it is looked for.</summary>
    internal IReadOnlyList<string> Searched { get; set; } = [];

    internal string RuntimeIdentifier { get; set; } = string.Empty;

    internal string FileName { get; set; } = string.Empty;

    internal string ManagedVersion { get; set; } = string.Empty;

    /// <summary>Of the first that is loaded; empty where it does not tell.</summary>
    internal string NativeVersion { get; set; } = string.Empty;

    internal string Sentence()
    {
        string expected = "Expected the native library of Microsoft.ML.OnnxRuntime " + ManagedVersion + " for " + RuntimeIdentifier;
        return expected + (_loaded.Count > 0 ? Wrong(_loaded[0]) : _present.Count > 0 ? Broken(_present[0]) : None());
    }

    private string Wrong(string file)
    {
        string version = NativeVersion.Length == 0 ? string.Empty : ", onnxruntime " + NativeVersion;
        bool fromProgram = Searched.Any(folder => string.Equals(Path.GetDirectoryName(file), folder, StringComparison.OrdinalIgnoreCase));
        string others = string.Join(" and ", _present.Where(other => !string.Equals(other, file, StringComparison.OrdinalIgnoreCase)));
        return ", got " + file + version + ", which Microsoft.ML.OnnxRuntime.Managed " + ManagedVersion + " cannot use"
            + (others.Length == 0 || !fromProgram ? string.Empty : ", while there is " + others + " too")
            + ": reference the package Microsoft.ML.OnnxRuntime " + ManagedVersion + " from the program's own project"
            + (fromProgram ? "." : ", so that its file lies beside the program and is taken before the system's.");
    }

    private string Broken(string file)
    {
        string reason = ErrorText.Lines(_cause.Message).FirstOrDefault(line => ErrorText.Has(line, file)) ?? ErrorText.OneLine(_cause.Message);
        return ", got " + file + ", which does not load (" + reason.TrimEnd('.') + ")"
            + (IsMusl() ? Musl : ": install the libraries that it misses, or, where it is another platform's or damaged, publish the program for "
                + RuntimeIdentifier + " again.");
    }

    private string None()
    {
        return ", got no " + FileName + " in " + string.Join(" or ", Searched)
            + (IsMusl() ? Musl : ": reference the package Microsoft.ML.OnnxRuntime " + ManagedVersion + " from the program's own project, or the one for its hardware.");
    }

    private bool IsMusl()
    {
        return RuntimeIdentifier.StartsWith("linux-musl", StringComparison.Ordinal);
    }

    private const string Musl = ": onnxruntime is not built for musl (Alpine Linux); run the program on a Linux with glibc, such as .NET's Debian or Ubuntu images.";
}
