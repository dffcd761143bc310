// A NativeAOT program, which needs no .NET runtime: `read-digit [file]` classifies the digit in a text file of 64 numbers.
// `dotnet publish examples/aot --use-current-runtime` builds it, with the linker of clang or gcc.
using System.Globalization;
using Torch2DotNet;

string path = args is [var argument, ..] ? argument : Path.Combine(AppContext.BaseDirectory, "digit.txt");
try
{
    float[] pixels = Array.ConvertAll(
        File.ReadAllText(path).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
        text => float.Parse(text, CultureInfo.InvariantCulture));
    using var model = Digits.Load(new DigitsOptions { IntraOpNumThreads = 1, ValidateInputs = true });
    DigitsOutput answer = model.Run(pixels);
    Console.WriteLine($"{answer.LabelName}: {answer.Probabilities.Max():F6}");
    return 0;
}
catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException or ArgumentException or DigitsException)
{
    Console.Error.WriteLine($"error: {path}: {error.Message}");
    return 1;
}
