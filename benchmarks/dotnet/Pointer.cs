using System.Reflection;
using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Torch2DotNet.Benchmarks;

/// <summary>
/// The floor of a call: bound memory, and OrtRunWithBinding itself by an unmanaged function pointer, with nothing around it: no check, no
/// lifetime, no marshalling. It runs on the session of the client that it is compared with, so that the session makes no difference.
/// </summary>
internal sealed unsafe class Pointer : IDisposable
{
    private const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic;

    // Any version whose table has RunWithBinding.
    private const uint ApiVersion = 17;

    private static readonly delegate* unmanaged[Cdecl]<nint, nint, nint, nint> RunWithBinding = FindRunWithBinding();

    private readonly nint _session;
    private readonly nint _options;
    private readonly nint _binding;

    /// <param name="model">The client.</param>
    public Pointer(object model)
    {
        InferenceSession session = SessionOf(model);
        Memory = new Bound(session);
        // InferenceSession keeps its handle to itself; the other two are SafeHandles.
        _session = (nint)typeof(InferenceSession).GetProperty("Handle", Hidden)!.GetValue(session)!;
        _options = Memory.Options.DangerousGetHandle();
        _binding = Memory.Binding.DangerousGetHandle();
    }

    public Bound Memory { get; }

    public void Run()
    {
        if (RunWithBinding(_session, _options, _binding) != 0)
        {
            throw new InvalidOperationException("OrtRunWithBinding has failed");
        }
    }

    public void Dispose() => Memory.Dispose();

    private static InferenceSession SessionOf(object model)
    {
        object loaded = model.GetType().GetField("_model", Hidden)!.GetValue(model)!;
        return (InferenceSession)loaded.GetType().GetProperty("Session", Hidden)!.GetValue(loaded)!;
    }

    /// <summary>OrtGetApiBase gives GetApi, which gives the table of the C API's functions; the managed part declares the same table.</summary>
    private static delegate* unmanaged[Cdecl]<nint, nint, nint, nint> FindRunWithBinding()
    {
        nint library = NativeLibrary.Load("onnxruntime", typeof(InferenceSession).Assembly, searchPath: null);
        var getBase = (delegate* unmanaged[Cdecl]<nint*>)NativeLibrary.GetExport(library, "OrtGetApiBase");
        var getApi = (delegate* unmanaged[Cdecl]<uint, nint>)getBase()[0];
        Type table = typeof(InferenceSession).Assembly.GetType("Microsoft.ML.OnnxRuntime.OrtApi", throwOnError: true)!;
        int place = (int)Marshal.OffsetOf(table, "RunWithBinding");
        return (delegate* unmanaged[Cdecl]<nint, nint, nint, nint>)Marshal.ReadIntPtr(getApi(ApiVersion), place);
    }
}
