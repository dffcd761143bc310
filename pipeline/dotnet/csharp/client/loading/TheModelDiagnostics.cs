#nullable enable

namespace TheNamespace;

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;
using TheNamespace.TheModelEngine;

/// <summary>What a model runs on. What the process must be asked for is read when it is asked for.</summary>
public sealed class TheModelDiagnostics
{
    private readonly Lazy<string> _nativeLibrary = new(() => string.Join("; ", NativeLibraries.Loaded()));
    private readonly Lazy<string> _processorName = new(Processor.Name);
    private readonly Lazy<IReadOnlyList<string>> _vectorInstructions = new(Processor.VectorInstructions);

    /// <summary>Creates diagnostics of this process without a model, for a fake of <see cref="ITheModel"/> in a test for instance.</summary>
    /// <param name="provider">The execution provider.</param>
    public TheModelDiagnostics(string provider)
        : this(provider, [], string.Empty, string.Empty, 0, usesGlobalThreadPool: false)
    {
    }

    internal TheModelDiagnostics(
        string provider,
        IReadOnlyList<TheModelRejectedProvider> rejectedProviders,
        string onnxRuntimeVersion,
        string modelPath,
        int intraOpNumThreads,
        bool usesGlobalThreadPool)
    {
        Provider = provider;
        RejectedProviders = rejectedProviders;
        OnnxRuntimeVersion = onnxRuntimeVersion;
        ModelPath = modelPath;
        IntraOpNumThreads = intraOpNumThreads;
        UsesGlobalThreadPool = usesGlobalThreadPool;
    }

    /// <summary>
    /// The execution provider that was taken, such as <c>CPU</c>. onnxruntime runs on the CPU what a provider does not have, and does not
    /// tell which operators those are; one that <see cref="TheModelOptions.ConfigureSession"/> adds is not seen here.
    /// </summary>
    public string Provider { get; }

    /// <summary>The providers that <see cref="TheModelOptions.Provider"/> names before it, and why each was not taken.</summary>
    public IReadOnlyList<TheModelRejectedProvider> RejectedProviders { get; }

    /// <summary>Version of onnxruntime's native library.</summary>
    public string OnnxRuntimeVersion { get; }

    /// <summary>Version of Microsoft.ML.OnnxRuntime.Managed.</summary>
    public string ManagedOnnxRuntimeVersion { get; } = NativeLibraries.ManagedVersion;

    /// <summary>The versions of onnxruntime with which the package was proven.</summary>
    public string ProvenOnnxRuntime { get; } = Facts.ProvenOnnxRuntime;

    /// <summary>
    /// Whether the package was proven with this version of onnxruntime. On another one, <see cref="TheModel.SelfTest"/> says whether the
    /// answers are right.
    /// </summary>
    public bool IsOnnxRuntimeProven => Facts.ProvenOnnxRuntime.Split(' ', ',', ';').Contains(OnnxRuntimeVersion, StringComparer.Ordinal);

    /// <summary>
    /// File of onnxruntime's native library, as the process has loaded it; all of them where there are several, and empty where the platform
    /// does not tell.
    /// </summary>
    public string NativeLibrary => _nativeLibrary.Value;

    /// <summary>Version of the package that contains the model.</summary>
    public string PackageVersion { get; } = Facts.PackageVersion;

    /// <summary>The model's file; empty where it was loaded from memory.</summary>
    public string ModelPath { get; }

    /// <summary>SHA-256 of the model, in lower-case hexadecimal.</summary>
    public string ModelSha256 { get; } = Facts.ModelSha256;

    /// <summary>Number of threads that one run uses; 0 for onnxruntime's own choice.</summary>
    public int IntraOpNumThreads { get; }

    /// <summary>Whether runs use the program's global thread pool, and <see cref="IntraOpNumThreads"/> says nothing.</summary>
    public bool UsesGlobalThreadPool { get; }

    /// <summary>Name of the processor; empty where the platform does not tell.</summary>
    public string ProcessorName => _processorName.Value;

    /// <summary>Vector instruction sets of the processor, such as <c>avx2</c>, by which onnxruntime chooses its kernels.</summary>
    public IReadOnlyList<string> VectorInstructions => _vectorInstructions.Value;

    /// <summary>The platform as NuGet names it, such as <c>linux-x64</c>.</summary>
    public string RuntimeIdentifier { get; } = Platform.RuntimeIdentifier;

    /// <summary>Version of .NET, such as <c>.NET 10.0.0</c>.</summary>
    public string Framework { get; } = RuntimeInformation.FrameworkDescription;

    /// <summary>All of it, in a few lines.</summary>
    /// <returns>Lines for a person, without an end of line after the last.</returns>
    public override string ToString()
    {
        var text = new StringBuilder();
        Line(text, "model", Facts.PackageId + " " + PackageVersion + ", " + (ModelPath.Length == 0 ? "from memory" : ModelPath) + ", SHA-256 " + ModelSha256);
        Line(text, "provider", Provider + string.Concat(RejectedProviders.Select(entry => "; not " + entry)));
        Line(text, "onnxruntime", OnnxRuntimeVersion + " (managed " + ManagedOnnxRuntimeVersion + "), "
            + (IsOnnxRuntimeProven ? "proven" : "not proven, unlike " + ProvenOnnxRuntime + ": SelfTest() checks the answers"));
        Line(text, "native library", NativeLibrary.Length == 0 ? "unknown" : NativeLibrary);
        Line(text, "threads", UsesGlobalThreadPool ? "the program's global pool" : IntraOpNumThreads.ToString(CultureInfo.InvariantCulture));
        Line(text, "processor", (ProcessorName.Length == 0 ? "unknown" : ProcessorName) + string.Concat(VectorInstructions.Select(name => " " + name)));
        Line(text, "platform", RuntimeIdentifier + ", " + Framework);
        return text.ToString().TrimEnd('\n');
    }

    private static void Line(StringBuilder text, string name, string content)
    {
        text.Append(name).Append(": ").Append(content).Append('\n');
    }
}
