using System.Reflection;
using System.Runtime.Loader;
using Microsoft.ML.OnnxRuntime;

/// <summary>Loads the sample as the arguments say, and prints on what it runs, or why it does not.</summary>
internal static class Loading
{
    private static void Main(string[] arguments)
    {
        switch (arguments[0])
        {
            case "provider":
                Load(arguments[1], pool: false);
                break;
            case "pool":
                MakeGlobalThreadPool();
                Load("CPU", pool: true);
                break;
            case "plug-in":
                // This program again, in a context of its own inside the host that this is.
                new PlugIn(arguments[1], arguments.Skip(2).FirstOrDefault())
                    .LoadFromAssemblyPath(arguments[1])
                    .EntryPoint!.Invoke(null, [new[] { "provider", "CPU" }]);
                break;
        }
    }

    private static void Load(string provider, bool pool)
    {
        try
        {
            using var model = TheNamespace.TheModel.Load(new() { Provider = provider, UseGlobalThreadPool = pool, IntraOpNumThreads = 2 });
            Console.WriteLine("answer: " + model.Run([1f, 0f, 0f, 0f]).LabelName);
            Console.WriteLine(model.Diagnostics);
        }
        catch (TheNamespace.TheModelLoadException error)
        {
            Console.WriteLine("refused: " + error.Message);
        }
    }

    private static void MakeGlobalThreadPool()
    {
        using var options = new OrtThreadingOptions { GlobalIntraOpNumThreads = 2, GlobalInterOpNumThreads = 1 };
        var creation = new EnvironmentCreationOptions { logId = "app", threadOptions = options };
        OrtEnv.CreateInstanceWithOptions(ref creation);
    }

    private sealed class PlugIn(string path, string? client) : AssemblyLoadContext("plug-in")
    {
        private readonly AssemblyDependencyResolver _resolver = new(path);

        protected override Assembly? Load(AssemblyName assemblyName)
        {
            string? file = assemblyName.Name == "TheModel" && client != null ? client : _resolver.ResolveAssemblyToPath(assemblyName);
            return file == null ? null : LoadFromAssemblyPath(file);
        }

        protected override IntPtr LoadUnmanagedDll(string unmanagedDllName)
        {
            string? file = _resolver.ResolveUnmanagedDllToPath(unmanagedDllName);
            return file == null ? IntPtr.Zero : LoadUnmanagedDllFromPath(file);
        }
    }
}
