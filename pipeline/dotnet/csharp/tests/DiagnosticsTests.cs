namespace TheNamespace.Tests;

using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class DiagnosticsTests
{
    [Fact]
    public void Diagnostics_say_what_the_model_runs_on()
    {
        using TheModel model = TheModel.Load(new TheModelOptions { IntraOpNumThreads = 2 });
        TheModelDiagnostics diagnostics = model.Diagnostics;
        Assert.Equal("CPU", diagnostics.Provider);
        Assert.Empty(diagnostics.RejectedProviders);
        Assert.Equal("1.31.1", diagnostics.OnnxRuntimeVersion);
        Assert.Equal("1.31.1", diagnostics.ManagedOnnxRuntimeVersion);
        Assert.True(diagnostics.IsOnnxRuntimeProven);
        Assert.Equal(Path.Combine(AppContext.BaseDirectory, TheModel.ModelFile), diagnostics.ModelPath);
        Assert.Equal(TheModel.ModelSha256, diagnostics.ModelSha256);
        Assert.Equal(2, diagnostics.IntraOpNumThreads);
        Assert.False(diagnostics.UsesGlobalThreadPool);
        Assert.StartsWith(".NET ", diagnostics.Framework, StringComparison.Ordinal);
    }

    [Fact]
    public void The_native_library_is_the_file_that_the_process_loaded()
    {
        using TheModel model = TheModel.Load();
        Assert.StartsWith(AppContext.BaseDirectory, model.Diagnostics.NativeLibrary, StringComparison.Ordinal);
        Assert.Equal(NativeLibraries.FileName, Path.GetFileName(model.Diagnostics.NativeLibrary));
    }

    [Fact]
    public void Threads_that_the_program_configured_are_the_ones_that_are_told()
    {
        using TheModel model = TheModel.Load(new TheModelOptions { ConfigureSession = settings => settings.IntraOpNumThreads = 3 });
        Assert.Equal(3, model.Diagnostics.IntraOpNumThreads);
    }

    [Fact]
    public void Their_text_is_a_few_lines()
    {
        using TheModel model = TheModel.Load(new TheModelOptions { Provider = "ROCm, CPU", IntraOpNumThreads = 2 });
        string[] lines = model.Diagnostics.ToString().Split('\n');
        Assert.Equal(7, lines.Length);
        Assert.Equal("provider: CPU; not ROCm: the native library was not built with it", lines[1]);
        Assert.Equal("onnxruntime: 1.31.1 (managed 1.31.1), proven", lines[2]);
        Assert.Equal("threads: 2", lines[4]);
    }

    [Fact]
    public void Another_version_than_the_proven_one_is_told()
    {
        var diagnostics = new TheModelDiagnostics("CPU", [], "1.99.0", string.Empty, 1, usesGlobalThreadPool: true);
        Assert.False(diagnostics.IsOnnxRuntimeProven);
        Assert.Contains("1.99.0 (managed 1.31.1), not proven, unlike 1.31.1: SelfTest() checks the answers", diagnostics.ToString(), StringComparison.Ordinal);
        Assert.Contains("threads: the program's global pool", diagnostics.ToString(), StringComparison.Ordinal);
        Assert.Contains(", from memory, ", diagnostics.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_fake_of_the_model_can_have_diagnostics()
    {
        Assert.Equal("CUDA", new TheModelDiagnostics("CUDA").Provider);
    }

    [Fact]
    public void The_processor_is_read_as_Linux_writes_it()
    {
        string[] lines = ["processor\t: 0", "model name\t: A processor: with a colon", "flags\t\t: fpu avx2"];
        Assert.Equal("A processor: with a colon", Processor.Entry(lines, "model name"));
        Assert.Equal("fpu avx2", Processor.Entry(lines, "flags"));
        Assert.Empty(Processor.Entry(lines, "Features"));
    }

    [Fact]
    public void The_vector_instructions_include_what_dotnet_itself_uses()
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "names of x64");
        Assert.Equal(System.Runtime.Intrinsics.X86.Avx2.IsSupported, Processor.VectorInstructions().Contains("avx2", StringComparer.Ordinal));
    }
}
