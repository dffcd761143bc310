#nullable enable

namespace TheNamespace.TheModelEngine;

using System.IO;
using System.Threading;
using Microsoft.ML.OnnxRuntime;

/// <summary>A session on the model of this package, which several models may share; the last of them disposes it.</summary>
internal sealed class LoadedSession
{
    private int _users = 1;

    internal LoadedSession(InferenceSession session, TheModelDiagnostics diagnostics)
    {
        Session = session;
        Diagnostics = diagnostics;
    }

    internal InferenceSession Session { get; }

    internal TheModelDiagnostics Diagnostics { get; }

    /// <summary>The model that the package copied, or that <see cref="TheModelOptions.ModelPath"/> names.</summary>
    internal static LoadedSession FromPackage(TheModelOptions options)
    {
        return FromFile(options.ModelPath, options);
    }

    /// <param name="path">Path of the file; null: it is looked for.</param>
    /// <param name="options">Options of the model.</param>
    /// <param name="expected">What the file must be; null: the model of this package.</param>
    internal static LoadedSession FromFile(string? path, TheModelOptions options, PackageFile? expected = null)
    {
        // Open until the session is: what was checked is what onnxruntime reads.
        using FileStream file = PackageFiles.Open(expected ?? PackageFile.Model, path);
        return SessionOpener.Open(ModelContent.InFile(file.Name), options);
    }

    internal static LoadedSession FromStream(Stream model, TheModelOptions options, PackageFile? expected = null)
    {
        return SessionOpener.Open(ModelContent.FromStream(model, expected ?? PackageFile.Model), options);
    }

    internal static LoadedSession FromBytes(byte[] model, TheModelOptions options, PackageFile? expected = null)
    {
        return SessionOpener.Open(ModelContent.FromBytes(model, expected ?? PackageFile.Model), options);
    }

    /// <summary>Another user of the session; false when the last has gone.</summary>
    internal bool TryShare()
    {
        int users = Volatile.Read(ref _users);
        while (users > 0)
        {
            int actual = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (actual == users)
            {
                return true;
            }

            users = actual;
        }

        return false;
    }

    internal void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            Session.Dispose();
        }
    }
}
