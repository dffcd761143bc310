#nullable enable

namespace TheNamespace;

/// <summary>What a model runs on.</summary>
public sealed class TheModelDiagnostics
{
    internal TheModelDiagnostics(string provider, string rejectedProviders, string onnxRuntimeVersion, string nativeLibrary, int intraOpNumThreads)
    {
        Provider = provider;
        RejectedProviders = rejectedProviders;
        OnnxRuntimeVersion = onnxRuntimeVersion;
        NativeLibrary = nativeLibrary;
        IntraOpNumThreads = intraOpNumThreads;
    }

    /// <summary>The execution provider that was taken, such as <c>CPU</c>.</summary>
    public string Provider { get; }

    /// <summary>The providers that were asked for before it, and why each was not taken; empty when it was the first.</summary>
    public string RejectedProviders { get; }

    /// <summary>Version of onnxruntime's native library.</summary>
    public string OnnxRuntimeVersion { get; }

    /// <summary>File of onnxruntime's native library, as the process has loaded it.</summary>
    public string NativeLibrary { get; }

    /// <summary>Number of threads that one run uses.</summary>
    public int IntraOpNumThreads { get; }
}
