namespace TheNamespace.Tests;

using System;
using System.Globalization;
using System.IO;
using System.Text;
using TheNamespace.TheModelEngine;

/// <summary>The golden calls of the sample, as they are and changed.</summary>
internal static class Golden
{
    public static byte[]? Read(string file)
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

    public static GoldenFiles Changed(string changed, Action<byte[]> change)
    {
        return new GoldenFiles(file =>
        {
            byte[]? content = Read(file);
            if (content != null && string.Equals(file, changed, StringComparison.Ordinal))
            {
                change(content);
            }

            return content;
        });
    }

    public static GoldenFiles Changed(string changed, Func<string, string> change)
    {
        return new GoldenFiles(file => string.Equals(file, changed, StringComparison.Ordinal) ? Encoding.UTF8.GetBytes(change(Encoding.UTF8.GetString(Read(file)!))) : Read(file));
    }

    public static LoadedModel LoadModel(TheModelSelfTest selfTest = TheModelSelfTest.Never)
    {
        var options = new TheModelOptions { SelfTest = selfTest };
        return new LoadedModel(LoadedSession.FromPackage(options), options);
    }

    /// <summary>A culture whose numbers look otherwise, on a machine that has no other: 1.234,5 and −1.</summary>
    public static CultureInfo CommaCulture()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NumberDecimalSeparator = ",";
        culture.NumberFormat.NumberGroupSeparator = ".";
        culture.NumberFormat.NegativeSign = "−";
        return culture;
    }
}
