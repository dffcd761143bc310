#nullable enable

namespace TheNamespace;

using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using TheNamespace.TheModelEngine;

// What every model has; the rest of this class is generated.
public sealed partial class TheModel : ITheModel
{
    /// <summary>What this model runs on: execution provider, native library, versions, threads.</summary>
    public TheModelDiagnostics Diagnostics => _model.Diagnostics;

    /// <summary>Loads the model that the package copied beside the program: <see cref="ModelFile"/>.</summary>
    /// <param name="options">Options; <see langword="null"/> for the defaults.</param>
    /// <returns>The model, ready to run.</returns>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="TheModelLoadException">The file is missing or is not the model of this package, or onnxruntime cannot load it.</exception>
    public static TheModel Load(TheModelOptions? options = null)
    {
        options = LoadedModel.Checked(options);
        return Open(LoadedSession.FromPackage(options), options);
    }

    /// <summary>Loads the model from a file.</summary>
    /// <param name="path">Path of the file, whose SHA-256 must be <see cref="ModelSha256"/>.</param>
    /// <param name="options">Options; <see langword="null"/> for the defaults.</param>
    /// <returns>The model, ready to run.</returns>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="TheModelLoadException">The file is missing or is not the model of this package, or onnxruntime cannot load it.</exception>
    public static TheModel Load(string path, TheModelOptions? options = null)
    {
        if (path is null)
        {
            throw new ArgumentNullException(nameof(path), "Expected the path of " + ModelFile + ", got null.");
        }

        options = LoadedModel.Checked(options);
        return Open(LoadedSession.FromFile(path, options), options);
    }

    /// <summary>Loads the model from memory, where the program has decrypted it for instance.</summary>
    /// <param name="model">Content of the file, whose SHA-256 must be <see cref="ModelSha256"/>; it may be discarded after the call.</param>
    /// <param name="options">Options; <see langword="null"/> for the defaults.</param>
    /// <returns>The model, ready to run.</returns>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="TheModelLoadException">The bytes are not the model of this package, or onnxruntime cannot load it.</exception>
    public static TheModel Load(byte[] model, TheModelOptions? options = null)
    {
        if (model is null)
        {
            throw new ArgumentNullException(nameof(model), "Expected the content of " + ModelFile + ", got null.");
        }

        options = LoadedModel.Checked(options);
        return Open(LoadedSession.FromBytes(model, options), options);
    }

    /// <summary>Loads the model from a stream, which is read from its current position to its end and left open.</summary>
    /// <param name="model">Content of the file, whose SHA-256 must be <see cref="ModelSha256"/>.</param>
    /// <param name="options">Options; <see langword="null"/> for the defaults.</param>
    /// <returns>The model, ready to run.</returns>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="TheModelLoadException">The content is not the model of this package, or onnxruntime cannot load it.</exception>
    public static TheModel Load(Stream model, TheModelOptions? options = null)
    {
        if (model is null)
        {
            throw new ArgumentNullException(nameof(model), "Expected the content of " + ModelFile + ", got null.");
        }

        options = LoadedModel.Checked(options);
        return Open(LoadedSession.FromStream(model, options), options);
    }

    /// <summary>
    /// Replays the golden calls of the package in this process, on its CPU, execution provider and version of onnxruntime, and compares
    /// the answers with PyTorch's by the policy by which the package was proven.
    /// </summary>
    /// <param name="cancellationToken">Ends the replay after the call in progress.</param>
    /// <returns>Whether they agree, by which margin, and where not; nothing is thrown where they do not, or where onnxruntime fails.</returns>
    /// <exception cref="TheModelException">The package has no golden calls (package.golden=none).</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The model has been disposed.</exception>
    public TheModelSelfTestResult SelfTest(CancellationToken cancellationToken = default)
    {
        return SelfTester.Run(_model, Tokenizer, cancellationToken);
    }

    /// <summary>The options that the model was loaded with.</summary>
    internal TheModelOptions Options => _model.Options;

    /// <summary>As <see cref="SelfTest"/>, but once for each loaded session, whoever asks first.</summary>
    internal TheModelSelfTestResult SelfTestOnce(CancellationToken cancellationToken)
    {
        return SelfTester.RunOnce(_model, Tokenizer, cancellationToken);
    }

    /// <summary>Disposes the model: queued rows fail with <see cref="ObjectDisposedException"/>, runs in progress complete, and then its memory is freed.</summary>
    public void Dispose()
    {
        _model.Dispose();
    }

    /// <summary>As <see cref="Dispose"/>, and waits for the runs in progress.</summary>
    /// <returns>A task that ends when no run is in progress; the memory is freed then, or when the last buffers of a caller are disposed.</returns>
    public ValueTask DisposeAsync()
    {
        return _model.DisposeAsync();
    }

    /// <summary>The model on a session that may be shared with others, which loading it twice would cost.</summary>
    internal static TheModel Open(LoadedSession session, TheModelOptions options)
    {
        var loaded = new LoadedModel(session, options);
        try
        {
            var model = new TheModel(loaded, options);
            SelfTester.OnLoad(loaded, model.Tokenizer);
            return model;
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }
}
