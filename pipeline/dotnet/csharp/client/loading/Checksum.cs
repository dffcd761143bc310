#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.IO;
using System.Security.Cryptography;

/// <summary>SHA-256 in lower-case hexadecimal.</summary>
internal static class Checksum
{
    internal static string Sha256(byte[] content)
    {
#if NET
        return Hexadecimal(SHA256.HashData(content));
#else
        using var algorithm = SHA256.Create();
        return Hexadecimal(algorithm.ComputeHash(content));
#endif
    }

    /// <summary>Of what is left of a stream, which is read piece by piece.</summary>
    internal static string Sha256(Stream content)
    {
#if NET8_0_OR_GREATER
        return Hexadecimal(SHA256.HashData(content));
#else
        using var algorithm = SHA256.Create();
        return Hexadecimal(algorithm.ComputeHash(content));
#endif
    }

    private static string Hexadecimal(byte[] hash)
    {
#if NET
        return Convert.ToHexString(hash).ToLowerInvariant();
#else
        return BitConverter.ToString(hash).Replace("-", string.Empty).ToLowerInvariant();
#endif
    }
}
