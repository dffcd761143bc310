#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using Microsoft.ML.OnnxRuntime;

/// <summary>onnxruntime's native library: the one in this process, and those that lie where it is looked for.</summary>
internal static class NativeLibraries
{
    /// <summary>Its file's name on this platform.</summary>
    internal static string FileName { get; } =
        Platform.IsWindows ? "onnxruntime.dll"
        : Platform.IsMacOS ? "libonnxruntime.dylib"
        : "libonnxruntime.so";

    /// <summary>Version of Microsoft.ML.OnnxRuntime.Managed, whose calls the native library must answer.</summary>
    internal static string ManagedVersion { get; } = typeof(InferenceSession).Assembly.GetName().Version?.ToString(3) ?? string.Empty;

    /// <summary>Version of the native library. Makes onnxruntime's environment, where the program has not.</summary>
    /// <exception cref="TheModelLoadException">There is none that fits.</exception>
    internal static string Version()
    {
        try
        {
            return OrtEnv.Instance().GetVersionString();
        }
        catch (Exception error) when (error is TypeInitializationException or DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
        {
            IReadOnlyList<string> loaded = Loaded();
            var failure = new NativeLibraryFailure(loaded, Present(), error.InnerException ?? error)
            {
                Searched = SearchedFolders(),
                RuntimeIdentifier = Platform.RuntimeIdentifier,
                FileName = FileName,
                ManagedVersion = ManagedVersion,
                NativeVersion = loaded.Count == 0 ? string.Empty : NativeVersion.Of(loaded[0]),
            };
            throw new TheModelLoadException(failure.Sentence(), error);
        }
    }

    /// <summary>Files of it that the process has loaded; empty where the platform does not tell.</summary>
    internal static IReadOnlyList<string> Loaded()
    {
        try
        {
            using var process = Process.GetCurrentProcess();
            return process.Modules.Cast<ProcessModule>()
                .Select(module => module.FileName)
                .Where(IsLibrary)
                .Select(file => file!)
                .Distinct(StringComparer.Ordinal)
                .ToList();
        }
        catch (Exception error) when (error is Win32Exception or InvalidOperationException or NotSupportedException)
        {
            return [];
        }
    }

    /// <summary>Whether a file is onnxruntime itself, and not one of its providers' libraries.</summary>
    internal static bool IsLibrary(string? path)
    {
        string name = Path.GetFileName(path) ?? string.Empty;
        return name.StartsWith("libonnxruntime.", StringComparison.Ordinal) || string.Equals(name, "onnxruntime.dll", StringComparison.OrdinalIgnoreCase);
    }

    private static List<string> Present()
    {
        return SearchedFolders().Select(folder => Path.Combine(folder, FileName)).Where(File.Exists).ToList();
    }

    /// <summary>Where .NET looks first: the folders of the program's packages, the program's, and the managed library's.</summary>
    private static List<string> SearchedFolders()
    {
        string packages = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? string.Empty;
        string[] assemblies = new[] { Folders.Program, Folders.Of(typeof(InferenceSession).Assembly) ?? Folders.Program };
        return packages.Split(Path.PathSeparator)
            .Where(folder => folder.Length > 0 && !ErrorText.Has(folder, "Microsoft.NETCore.App"))
            .Concat(assemblies)
            .Concat(assemblies.Select(folder => Path.Combine(folder, "runtimes", Platform.RuntimeIdentifier, "native")))
            .Select(Folders.Normalize)
            .Distinct(StringComparer.Ordinal)
            .ToList();
    }
}
