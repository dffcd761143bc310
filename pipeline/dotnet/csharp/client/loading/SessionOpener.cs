#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.ML.OnnxRuntime;

/// <summary>Opens a session with the first of the execution providers that this machine has.</summary>
internal static class SessionOpener
{
    /// <exception cref="ArgumentException">The providers are not what they may be.</exception>
    /// <exception cref="TheModelLoadException">None of the providers is there, or onnxruntime cannot load the model.</exception>
    internal static LoadedSession Open(ModelContent content, TheModelOptions options)
    {
        IReadOnlyList<ExecutionProvider> order = ProviderOrder.Parse(options.Provider, out string failure);
        if (failure.Length > 0)
        {
            throw new ArgumentException(nameof(options.Provider) + ": " + failure, nameof(options));
        }

        return Open(content, options, order);
    }

    internal static LoadedSession Open(ModelContent content, TheModelOptions options, IReadOnlyList<ExecutionProvider> order)
    {
        // Before anything else touches the native library: what is wrong with it has its own sentence. It makes the environment of
        // onnxruntime, as the session would; a program that makes its own does so before it loads a model.
        string version = NativeLibraries.Version();
        var rejected = new List<TheModelRejectedProvider>();
        foreach (ExecutionProvider provider in order)
        {
            InferenceSession? session = TryOpen(content, provider, options, out int threads, out Exception? error);
            if (session != null)
            {
                return new LoadedSession(
                    session, new TheModelDiagnostics(provider.Name, rejected, version, content.Path, threads, options.UseGlobalThreadPool));
            }

            if (provider == ExecutionProvider.Cpu)
            {
                throw new TheModelLoadException(SessionFailure.Sentence(version, error!.Message, options.ConfigureSession != null), error);
            }

            rejected.Add(new TheModelRejectedProvider(provider.Name, ProviderFailure.Reason(provider, error!)));
        }

        throw new TheModelLoadException(
            "Expected one of the execution providers " + options.Provider + ", got none of them on this machine with onnxruntime " + version + ": "
            + string.Join("; ", rejected.Select(entry => entry.ToString())) + "; end TheModelOptions.Provider with CPU, which is always there.");
    }

    /// <returns>Null, and why, where the provider is not there or cannot load the model.</returns>
    private static InferenceSession? TryOpen(
        ModelContent content, ExecutionProvider provider, TheModelOptions options, out int threads, out Exception? error)
    {
        using var settings = new SessionOptions();
        settings.IntraOpNumThreads = options.IntraOpNumThreads;
        threads = options.IntraOpNumThreads;
        if (options.UseGlobalThreadPool)
        {
            settings.DisablePerSessionThreads();
        }

        error = provider.TryAppend(settings);
        if (error != null)
        {
            return null;
        }

        options.ConfigureSession?.Invoke(settings);
        threads = settings.IntraOpNumThreads;
        try
        {
            return content.OpenSession(settings);
        }
        catch (OnnxRuntimeException failure) when (options.UseGlobalThreadPool && ErrorText.Has(failure.Message, "EnvCreatedWithGlobalThreadPools"))
        {
            throw new TheModelLoadException(
                "TheModelOptions.UseGlobalThreadPool: expected onnxruntime's environment with a global thread pool, got one without: call"
                + " OrtEnv.CreateInstanceWithOptions with threadOptions when the program starts, before anything else uses onnxruntime.",
                failure);
        }
        catch (OnnxRuntimeException failure)
        {
            error = failure;
            return null;
        }
    }
}
