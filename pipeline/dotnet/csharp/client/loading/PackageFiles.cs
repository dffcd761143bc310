#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

/// <summary>Finds the files of the package and opens them, if their content is what the package was made with.</summary>
internal static class PackageFiles
{
    /// <summary>
    /// Where they are looked for: beside the program; beside the client's assembly, where a plug-in lies in another program; and in the
    /// package's folder above the assembly, from which scripts and notebooks load it (<c>lib/net8.0/</c>, <c>model/</c>).
    /// </summary>
    internal static IReadOnlyList<string> Places()
    {
        return Places(Folders.Program, Folders.Of(typeof(PackageFiles).Assembly));
    }

    internal static IReadOnlyList<string> Places(string programFolder, string? assemblyFolder)
    {
        var places = new List<string> { programFolder };
        if (assemblyFolder != null)
        {
            places.Add(assemblyFolder);
            places.Add(Path.Combine(assemblyFolder, "..", "..", "model"));
        }

        return places.Select(Folders.Normalize).Distinct(StringComparer.Ordinal).ToList();
    }

    /// <summary>The path of a file where it is looked for.</summary>
    /// <exception cref="TheModelLoadException">It is in none of the places, or has another content there.</exception>
    internal static string Find(PackageFile file)
    {
        using FileStream content = Open(file, path: null);
        return content.Name;
    }

    /// <summary>The content of a file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="path">Where it is; null: it is looked for.</param>
    /// <exception cref="TheModelLoadException">It is not there, cannot be read, or has another content.</exception>
    internal static byte[] ReadChecked(PackageFile file, string? path)
    {
        using FileStream content = Open(file, path);
        using var bytes = new MemoryStream(checked((int)content.Length));
        content.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>A file, open for reading from its start; nobody writes to it while it is open, where the platform has such locks.</summary>
    /// <param name="file">The file.</param>
    /// <param name="path">Where it is; null: it is looked for.</param>
    /// <exception cref="TheModelLoadException">It is not there, cannot be read, or has another content.</exception>
    internal static FileStream Open(PackageFile file, string? path)
    {
        return path is null ? OpenFirst(file, Places()) : OpenAt(file, Path.GetFullPath(path));
    }

    /// <summary>The first that has the right content; else the exception is about the first that is there.</summary>
    internal static FileStream OpenFirst(PackageFile file, IReadOnlyList<string> places)
    {
        TheModelLoadException? rejected = null;
        foreach (string path in places.Select(place => Path.Combine(place, file.Name)).Where(File.Exists))
        {
            try
            {
                return OpenAt(file, path);
            }
            catch (TheModelLoadException error)
            {
                rejected ??= error;
            }
        }

        throw rejected ?? PackageFileFailure.Missing(file, places.Select(place => Path.Combine(place, file.Name)).ToList());
    }

    private static FileStream OpenAt(PackageFile file, string path)
    {
        if (!File.Exists(path))
        {
            throw Directory.Exists(path) ? PackageFileFailure.Unreadable(file, path, "a folder.", cause: null) : PackageFileFailure.Missing(file, [path]);
        }

        FileStream? content = null;
        try
        {
            content = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan);
            string sha256 = Checksum.Sha256(content);
            if (!string.Equals(sha256, file.Sha256, StringComparison.OrdinalIgnoreCase))
            {
                throw content.Position == 0
                    ? PackageFileFailure.Unreadable(file, path, "an empty file.", cause: null)
                    : PackageFileFailure.Different(file, sha256, content.Position, path);
            }

            content.Position = 0;
            FileStream accepted = content;
            content = null;
            return accepted;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw PackageFileFailure.Unreadable(file, path, error.Message, error);
        }
        finally
        {
            content?.Dispose();
        }
    }
}
