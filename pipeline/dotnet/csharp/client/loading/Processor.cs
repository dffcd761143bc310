#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

/// <summary>The processor, as far as the platform tells.</summary>
internal static class Processor
{
    private const string CpuInfo = "/proc/cpuinfo";

    // As Linux calls them; onnxruntime chooses its kernels by these.
    private static readonly string[] VectorFlags =
        ["sse4_2", "avx", "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512bw", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16", "asimd", "asimddp", "i8mm", "bf16", "sve"];

    /// <summary>Empty where the platform does not tell.</summary>
    internal static string Name()
    {
#if NET
        if (OperatingSystem.IsWindows())
        {
            using Microsoft.Win32.RegistryKey? key =
                Microsoft.Win32.Registry.LocalMachine.OpenSubKey(@"HARDWARE\DESCRIPTION\System\CentralProcessor\0");
            return (key?.GetValue("ProcessorNameString") as string)?.Trim() ?? string.Empty;
        }
#else
        if (Platform.IsWindows)
        {
            return Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") ?? string.Empty;
        }
#endif
        return Entry(CpuInfoLines(), "model name");
    }

    /// <summary>Vector instruction sets; empty where neither the platform nor .NET tells.</summary>
    internal static IReadOnlyList<string> VectorInstructions()
    {
        string[] lines = CpuInfoLines();
        string flags = Entry(lines, "flags") + Entry(lines, "Features");
        return flags.Length == 0 ? Intrinsics() : VectorFlags.Intersect(flags.Split(' '), StringComparer.Ordinal).ToList();
    }

    /// <summary>The first entry of a name in the form of /proc/cpuinfo; empty when there is none.</summary>
    internal static string Entry(IEnumerable<string> lines, string name)
    {
        return lines
            .Select(line => line.Split([':'], 2))
            .Where(parts => parts.Length == 2 && string.Equals(parts[0].Trim(), name, StringComparison.Ordinal))
            .Select(parts => parts[1].Trim())
            .FirstOrDefault() ?? string.Empty;
    }

    private static string[] CpuInfoLines()
    {
        try
        {
            // The first processor's are enough: a machine may have hundreds.
            return File.Exists(CpuInfo) ? File.ReadLines(CpuInfo).TakeWhile(line => line.Length > 0).ToArray() : [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static List<string> Intrinsics()
    {
        var names = new List<string>();
#if NET8_0_OR_GREATER
        Add("sse4_2", System.Runtime.Intrinsics.X86.Sse42.IsSupported);
        Add("avx", System.Runtime.Intrinsics.X86.Avx.IsSupported);
        Add("avx2", System.Runtime.Intrinsics.X86.Avx2.IsSupported);
        Add("fma", System.Runtime.Intrinsics.X86.Fma.IsSupported);
        Add("avx512f", System.Runtime.Intrinsics.X86.Avx512F.IsSupported);
        Add("avx512bw", System.Runtime.Intrinsics.X86.Avx512BW.IsSupported);
        Add("asimd", System.Runtime.Intrinsics.Arm.AdvSimd.IsSupported);
        Add("asimddp", System.Runtime.Intrinsics.Arm.Dp.IsSupported);

        void Add(string name, bool supported)
        {
            if (supported)
            {
                names.Add(name);
            }
        }
#endif
        return names;
    }
}
