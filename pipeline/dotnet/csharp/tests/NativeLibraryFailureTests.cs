namespace TheNamespace.Tests;

using System;
using System.Collections.Generic;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class NativeLibraryFailureTests
{
    [Fact]
    public void One_that_is_missing_names_folders_and_package()
    {
        Assert.Equal(
            "Expected the native library of Microsoft.ML.OnnxRuntime 1.31.1 for linux-x64, got no libonnxruntime.so in /app or /app/runtimes: reference the"
            + " package Microsoft.ML.OnnxRuntime 1.31.1 from the program's own project, or the one for its hardware.",
            Sentence([], []));
    }

    [Fact]
    public void On_musl_the_distribution_is_to_be_changed()
    {
        Assert.EndsWith(
            ": onnxruntime is not built for musl (Alpine Linux); run the program on a Linux with glibc, such as .NET's Debian or Ubuntu images.",
            Sentence([], ["/app/libonnxruntime.so"], rid: "linux-musl-x64"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_does_not_load_gives_the_system_s_reason_for_that_file()
    {
        string cause = "Unable to load shared library.\n/other/libonnxruntime.so: cannot open\n/app/libonnxruntime.so: file too short\n";
        Assert.EndsWith(
            ", got /app/libonnxruntime.so, which does not load (/app/libonnxruntime.so: file too short): install the libraries that it misses, or, where it is"
            + " another platform's or damaged, publish the program for linux-x64 again.",
            Sentence([], ["/app/libonnxruntime.so"], cause),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_system_s_own_is_named_with_its_version()
    {
        Assert.EndsWith(
            ", got /windows/system32/onnxruntime.dll, onnxruntime 1.17.0, which Microsoft.ML.OnnxRuntime.Managed 1.31.1 cannot use: reference the package"
            + " Microsoft.ML.OnnxRuntime 1.31.1 from the program's own project, so that its file lies beside the program and is taken before the system's.",
            Sentence(["/windows/system32/onnxruntime.dll"], [], version: "1.17.0"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_older_one_of_the_program_s_packages_is_named()
    {
        Assert.EndsWith(
            ", got /app/libonnxruntime.so, onnxruntime 1.30.0, which Microsoft.ML.OnnxRuntime.Managed 1.31.1 cannot use: reference the package"
            + " Microsoft.ML.OnnxRuntime 1.31.1 from the program's own project.",
            Sentence(["/app/libonnxruntime.so"], ["/app/libonnxruntime.so"], version: "1.30.0"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Two_in_the_program_s_folders_are_both_named()
    {
        Assert.Contains(
            "cannot use, while there is /app/runtimes/libonnxruntime.so too: ",
            Sentence(["/app/libonnxruntime.so"], ["/app/libonnxruntime.so", "/app/runtimes/libonnxruntime.so"]),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/a/libonnxruntime.so", true)]
    [InlineData("/a/libonnxruntime.so.1.31.1", true)]
    [InlineData("/a/libonnxruntime.dylib", true)]
    [InlineData("/a/OnnxRuntime.dll", true)]
    [InlineData("/a/libonnxruntime_providers_shared.so", false)]
    [InlineData("/a/Microsoft.ML.OnnxRuntime.dll", false)]
    [InlineData(null, false)]
    public void A_provider_s_library_is_not_onnxruntime_s(string? path, bool expected)
    {
        Assert.Equal(expected, NativeLibraries.IsLibrary(path));
    }

    private static string Sentence(IReadOnlyList<string> loaded, IReadOnlyList<string> present, string cause = "not found", string rid = "linux-x64", string version = "")
    {
        return new NativeLibraryFailure(loaded, present, new DllNotFoundException(cause))
        {
            Searched = ["/app", "/app/runtimes"],
            RuntimeIdentifier = rid,
            FileName = "libonnxruntime.so",
            ManagedVersion = "1.31.1",
            NativeVersion = version,
        }.Sentence();
    }
}
