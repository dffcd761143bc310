using System;

// C# 7.3 without reflection, so that it compiles for NativeAOT and .NET Framework too.
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
