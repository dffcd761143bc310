#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Globalization;
using System.IO;

/// <summary>Reads the vocabulary that the package copied beside the program.</summary>
internal static class VocabularyReader
{
    /// <param name="path">Path of the file; <see langword="null"/> for the one that the package copied.</param>
    /// <param name="expectedSha256">The SHA-256 that its content must have.</param>
    /// <returns>Its content.</returns>
    /// <exception cref="TheModelLoadException">The file is missing, or is not the vocabulary of this package.</exception>
    internal static byte[] Read(string? path, string expectedSha256)
    {
        path ??= Path.Combine(AppContext.BaseDirectory, Facts.VocabularyFile);
        byte[] content;
        try
        {
            content = File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TheModelLoadException(
                "Expected the vocabulary at " + path + ", got: " + error.Message + " The package " + Facts.PackageId + " copies it to the program's"
                + " folder when the project is built or published: rebuild the project, copy the file there, or set TheModelOptions.VocabularyPath.",
                error);
        }

        string sha256 = LoadedSession.Sha256(content);
        if (!string.Equals(sha256, expectedSha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new TheModelLoadException(
                "Expected the vocabulary with SHA-256 " + expectedSha256 + ", got " + sha256 + " ("
                + content.Length.ToString(CultureInfo.InvariantCulture) + " bytes) from " + path + ": its token ids are not those of the model of "
                + Facts.PackageId + " " + Facts.PackageVersion + "; clean and rebuild the project, so that it is copied.");
        }

        return content;
    }
}
