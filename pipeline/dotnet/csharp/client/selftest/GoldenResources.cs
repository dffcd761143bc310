#nullable enable

namespace TheNamespace.TheModelEngine;

using System.IO;

/// <summary>The golden files as resources of the client's own assembly: they are there in a single file and ahead of time, too.</summary>
internal static class GoldenResources
{
    internal static GoldenFiles Files { get; } = new(Open);

    private static byte[]? Open(string file)
    {
        using Stream? resource = typeof(TheModel).Assembly.GetManifestResourceStream(Facts.GoldenPrefix + file);
        if (resource == null)
        {
            return null;
        }

        using var content = new MemoryStream();
        resource.CopyTo(content);
        return content.ToArray();
    }
}
