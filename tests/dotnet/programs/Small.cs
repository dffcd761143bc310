using System;

// C# 7.3, and no reflection: also for NativeAOT and .NET Framework.
internal static class Program
{
    private static void Main()
    {
        using (var model = Acme.Models.Tiny.Load())
        {
            Console.WriteLine(Acme.Models.Tiny.PackageVersion + " " + model.RunAsync(new float[4]).GetAwaiter().GetResult().LabelName);
        }
    }
}
