#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.ML.OnnxRuntime;

/// <summary>An execution provider of onnxruntime, by the name that <see cref="TheModelOptions.Provider"/> has for it.</summary>
internal sealed class ExecutionProvider
{
    private const string Suffix = "ExecutionProvider";

    private static readonly string GpuPackage = Platform.IsWindows ? "Microsoft.ML.OnnxRuntime.Gpu.Windows" : "Microsoft.ML.OnnxRuntime.Gpu.Linux";

    private readonly string[] _otherNames;
    private readonly Action<SessionOptions> _append;

    /// <param name="name">What <see cref="TheModelOptions.Provider"/> calls it.</param>
    /// <param name="package">The package whose native library has it; empty where none but Microsoft.ML.OnnxRuntime on some platform.</param>
    /// <param name="append">Asks a session for it.</param>
    /// <param name="otherNames">What it may be called, too.</param>
    internal ExecutionProvider(string name, string package, Action<SessionOptions> append, params string[] otherNames)
    {
        Name = name;
        Package = package;
        _append = append;
        _otherNames = otherNames;
    }

    /// <summary>onnxruntime's own, which every build has and which runs what the others leave.</summary>
    internal static ExecutionProvider Cpu { get; } = new("CPU", string.Empty, _ => { });

    /// <summary>All that can be asked for.</summary>
    internal static IReadOnlyList<ExecutionProvider> All { get; } =
    [
        Cpu,
        new("CUDA", GpuPackage, settings => settings.AppendExecutionProvider_CUDA()),
        new("TensorRT", GpuPackage, AppendTensorRT),
        new("DirectML", "Microsoft.ML.OnnxRuntime.DirectML", AppendDirectML, "DML"),
        new("CoreML", string.Empty, ByName("CoreML")),
        new("OpenVINO", "Intel.ML.OnnxRuntime.OpenVino", settings => settings.AppendExecutionProvider_OpenVINO()),
        new("ROCm", string.Empty, settings => settings.AppendExecutionProvider_ROCm()),
        new("MIGraphX", string.Empty, settings => settings.AppendExecutionProvider_MIGraphX()),
        new("QNN", "Microsoft.ML.OnnxRuntime.QNN", ByName("QNN")),
        new("XNNPACK", string.Empty, ByName("XNNPACK")),
        new("WebGPU", string.Empty, ByName("WebGPU")),
    ];

    internal string Name { get; }

    internal string Package { get; }

    /// <summary>The provider of a name, in any case and with or without onnxruntime's ending; null for another name.</summary>
    internal static ExecutionProvider? Named(string name)
    {
        string shortName = name.EndsWith(Suffix, StringComparison.OrdinalIgnoreCase) ? name.Substring(0, name.Length - Suffix.Length) : name;
        return All.FirstOrDefault(provider => provider._otherNames.Append(provider.Name).Contains(shortName, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>Asks a session for it.</summary>
    /// <returns>Why it is not there: the native library was not built with it, or it does not start on this machine; null where it is.</returns>
    internal Exception? TryAppend(SessionOptions settings)
    {
        try
        {
            _append(settings);
            return null;
        }
        catch (Exception error) when (error is OnnxRuntimeException or EntryPointNotFoundException or NotSupportedException or DllNotFoundException)
        {
            return error;
        }
    }

    private static Action<SessionOptions> ByName(string name)
    {
        return settings => settings.AppendExecutionProvider(name, new Dictionary<string, string>(StringComparer.Ordinal));
    }

    // As onnxruntime's own MakeSessionOptionWithTensorrtProvider: CUDA runs the operators that TensorRT leaves.
    private static void AppendTensorRT(SessionOptions settings)
    {
        settings.AppendExecutionProvider_Tensorrt();
        settings.AppendExecutionProvider_CUDA();
    }

    // DirectML allows neither memory patterns nor parallel execution, by its documentation.
    private static void AppendDirectML(SessionOptions settings)
    {
        settings.EnableMemoryPattern = false;
        settings.ExecutionMode = ExecutionMode.ORT_SEQUENTIAL;
        settings.AppendExecutionProvider_DML();
    }
}
