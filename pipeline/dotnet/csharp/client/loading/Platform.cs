#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Runtime.InteropServices;

/// <summary>The platform as NuGet names it.</summary>
internal static class Platform
{
    /// <summary>Such as <c>linux-x64</c>, <c>linux-musl-x64</c>, <c>win-arm64</c>; never that of a distribution.</summary>
    internal static string RuntimeIdentifier { get; } = OperatingSystemName() + "-" + Architecture;

#if NET
    internal static bool IsWindows => OperatingSystem.IsWindows();

    internal static bool IsMacOS => OperatingSystem.IsMacOS();
#else
    internal static bool IsWindows => RuntimeInformation.IsOSPlatform(OSPlatform.Windows);

    internal static bool IsMacOS => RuntimeInformation.IsOSPlatform(OSPlatform.OSX);
#endif

    /// <summary>Of the process, such as <c>x64</c>.</summary>
    internal static string Architecture => RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();

    private static string OperatingSystemName()
    {
#if NET
        if (OperatingSystem.IsAndroid())
        {
            return "android";
        }

        if (OperatingSystem.IsIOS())
        {
            return "ios";
        }

        if (RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal)
            || RuntimeInformation.RuntimeIdentifier.StartsWith("alpine", StringComparison.Ordinal))
        {
            return "linux-musl";
        }
#endif
        return IsWindows ? "win" : IsMacOS ? "osx" : "linux";
    }
}
