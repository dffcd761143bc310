#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.IO;
using System.Reflection;

/// <summary>Folders of the program and of the assemblies in it.</summary>
internal static class Folders
{
    /// <summary>Of the program, or of the host of a plug-in.</summary>
    internal static string Program => AppContext.BaseDirectory;

    /// <summary>The folder from which an assembly was loaded; null where it was not loaded from a file.</summary>
#if NET
    [System.Diagnostics.CodeAnalysis.UnconditionalSuppressMessage(
        "SingleFile",
        "IL3000",
        Justification = "In a single file and ahead of time Location is empty, which is asked for; what the assembly needs is beside the program then.")]
#endif
    internal static string? Of(Assembly assembly)
    {
        // A dynamic assembly throws, where one from bytes has an empty location.
        string location = assembly.IsDynamic ? string.Empty : assembly.Location;
        return location.Length == 0 ? null : Path.GetDirectoryName(location);
    }

    /// <summary>The full path without a separator at its end, so that equal folders are equal texts; a root keeps its own.</summary>
    internal static string Normalize(string folder)
    {
        string path = Path.GetFullPath(folder);
        bool isRoot = string.Equals(path, Path.GetPathRoot(path), StringComparison.Ordinal);
        return isRoot ? path : path.TrimEnd(Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar);
    }
}
