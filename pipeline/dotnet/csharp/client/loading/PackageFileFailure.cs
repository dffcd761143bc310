#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

/// <summary>What is wrong with a file of the package, and what to do.</summary>
internal static class PackageFileFailure
{
    /// <param name="file">The file.</param>
    /// <param name="paths">Where it is not.</param>
    internal static TheModelLoadException Missing(PackageFile file, IReadOnlyList<string> paths)
    {
        string? other = paths.Select(path => OtherName(file, path)).FirstOrDefault(path => path != null);
        bool isThis = string.Equals(Path.GetFileName(other), file.Name, StringComparison.Ordinal);
        return new TheModelLoadException(
            "Expected the " + file.Kind + " at " + string.Join(" or ", paths) + ", got: no such file"
            + (other is null ? string.Empty : ", but " + other + ", the " + file.Kind + " of " + (isThis ? "this package" : "another version of this package")) + "." + Copied(file));
    }

    internal static TheModelLoadException Unreadable(PackageFile file, string path, string got, Exception? cause)
    {
        return new TheModelLoadException("Expected the " + file.Kind + " at " + path + ", got: " + got + Copied(file), cause);
    }

    /// <param name="file">The file.</param>
    /// <param name="sha256">Of the content.</param>
    /// <param name="bytes">Size of the content.</param>
    /// <param name="source">Where the content comes from.</param>
    internal static TheModelLoadException Different(PackageFile file, string sha256, long bytes, string source)
    {
        return new TheModelLoadException(FormattableString.Invariant(
            $"{Expected(file)}, got {sha256} ({bytes} bytes) from {source}: {Only(file)}"));
    }

    internal static TheModelLoadException TooLong(PackageFile file, string source)
    {
        return new TheModelLoadException(FormattableString.Invariant(
            $"{Expected(file)}, got more than {file.Bytes} bytes from {source}: {Only(file)}"));
    }

    private static string Expected(PackageFile file)
    {
        string size = file.Bytes == 0 ? string.Empty : FormattableString.Invariant($" ({file.Bytes} bytes)");
        return "Expected the " + file.Kind + " with SHA-256 " + file.Sha256 + size;
    }

    private static string Only(PackageFile file)
    {
        return "this client loads only the " + file.Kind + " of " + Facts.PackageId + " " + Facts.PackageVersion
            + "; clean and rebuild the project, so that it is copied.";
    }

    private static string Copied(PackageFile file)
    {
        return " The package " + Facts.PackageId + " " + Facts.PackageVersion + " copies " + file.Name + " to the program's folder when the project is built or"
            + " published: rebuild the project, copy the file there, or " + file.OtherPlace + ".";
    }

    /// <summary>The package's file beside the path, or one whose name differs in the hash alone; null when there is none.</summary>
    private static string? OtherName(PackageFile file, string path)
    {
        const int HashLength = 8;
        string[] parts = file.Name.Split('.');
        string? folder = Path.GetDirectoryName(path);
        if (folder is null || parts.Length < 3 || parts[1].Length != HashLength || !Directory.Exists(folder))
        {
            return null;
        }

        string own = Path.Combine(folder, file.Name);
        if (File.Exists(own))
        {
            return own;
        }

        string start = parts[0] + ".";
        string end = file.Name.Substring(start.Length + HashLength);
        try
        {
            return Directory.EnumerateFiles(folder, start + "*" + end)
                .OrderBy(name => name, StringComparer.Ordinal)
                .FirstOrDefault(name => Path.GetFileName(name).Length == file.Name.Length);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // The folder cannot be listed: the sentence does without.
            return null;
        }
    }
}
