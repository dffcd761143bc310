#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.IO;
using System.Security.Cryptography;
using Microsoft.ML.OnnxRuntime;

/// <summary>A session on the model of this package, which several models may share; the last of them disposes it.</summary>
internal sealed class LoadedSession
{
    private int _users = 1;

    private LoadedSession(InferenceSession session, TheModelDiagnostics diagnostics)
    {
        Session = session;
        Diagnostics = diagnostics;
    }

    internal InferenceSession Session { get; }

    internal TheModelDiagnostics Diagnostics { get; }

    internal static LoadedSession FromPackage(TheModelOptions options)
    {
        return FromFile(Path.Combine(AppContext.BaseDirectory, Facts.ModelFile), options);
    }

    internal static LoadedSession FromFile(string path, TheModelOptions options)
    {
        return FromBytes(File.ReadAllBytes(path), options);
    }

    internal static LoadedSession FromStream(Stream model, TheModelOptions options)
    {
        using var content = new MemoryStream();
        model.CopyTo(content);
        return FromBytes(content.ToArray(), options);
    }

    internal static LoadedSession FromBytes(byte[] model, TheModelOptions options)
    {
        string sha256 = Sha256(model);
        if (!string.Equals(sha256, Facts.ModelSha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new TheModelLoadException("Expected the model with SHA-256 " + Facts.ModelSha256 + ", got " + sha256 + ".");
        }

        using var settings = new SessionOptions { IntraOpNumThreads = options.IntraOpNumThreads };
        options.ConfigureSession?.Invoke(settings);
        return new LoadedSession(
            new InferenceSession(model, settings),
            new TheModelDiagnostics("CPU", string.Empty, OrtEnv.Instance().GetVersionString(), string.Empty, options.IntraOpNumThreads));
    }

    /// <summary>In lower-case hexadecimal.</summary>
    internal static string Sha256(byte[] content)
    {
#if NET
        return Convert.ToHexString(SHA256.HashData(content)).ToLowerInvariant();
#else
        using var algorithm = SHA256.Create();
        return BitConverter.ToString(algorithm.ComputeHash(content)).Replace("-", string.Empty).ToLowerInvariant();
#endif
    }

    /// <summary>Another user of the session; false when the last has gone.</summary>
    internal bool TryShare()
    {
        int users = System.Threading.Volatile.Read(ref _users);
        while (users > 0)
        {
            int actual = System.Threading.Interlocked.CompareExchange(ref _users, users + 1, users);
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
        if (System.Threading.Interlocked.Decrement(ref _users) == 0)
        {
            Session.Dispose();
        }
    }
}
