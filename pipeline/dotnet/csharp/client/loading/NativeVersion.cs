#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Runtime.InteropServices;

/// <summary>Asks a native library that Microsoft.ML.OnnxRuntime.Managed refused for its version.</summary>
internal static class NativeVersion
{
#if NET
    private delegate IntPtr PointerFunction();

    /// <summary>Empty where the library does not tell.</summary>
    /// <param name="path">Of a library that the process has loaded.</param>
    internal static string Of(string path)
    {
        if (!NativeLibrary.TryLoad(path, out IntPtr library))
        {
            return string.Empty;
        }

        try
        {
            // OrtApiBase of onnxruntime_c_api.h: GetApi, GetVersionString.
            if (!NativeLibrary.TryGetExport(library, "OrtGetApiBase", out IntPtr getBase))
            {
                return string.Empty;
            }

            IntPtr apiBase = Marshal.GetDelegateForFunctionPointer<PointerFunction>(getBase)();
            IntPtr getVersion = Marshal.ReadIntPtr(apiBase, IntPtr.Size);
            return Marshal.PtrToStringUTF8(Marshal.GetDelegateForFunctionPointer<PointerFunction>(getVersion)()) ?? string.Empty;
        }
        finally
        {
            NativeLibrary.Free(library);
        }
    }
#else
    internal static string Of(string path)
    {
        return System.Diagnostics.FileVersionInfo.GetVersionInfo(path).ProductVersion ?? string.Empty;
    }
#endif
}
