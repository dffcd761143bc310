// Compares answers ("inputs" of golden.json) with what was expected ("outputs"), in a culture whose numbers look otherwise.
using System.Globalization;
using TheNamespace.TheModelEngine;

string folder = args[0];
var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
culture.NumberFormat.NumberDecimalSeparator = ",";
culture.NumberFormat.NumberGroupSeparator = ".";
culture.NumberFormat.NegativeSign = "−";
CultureInfo.CurrentCulture = culture;
var files = new GoldenFiles(file => File.ReadAllBytes(Path.Combine(folder, file)));
GoldenPolicy policy = files.ReadPolicy();
foreach (GoldenCall call in files.ReadCalls())
{
    AnswerComparison result = AnswerComparer.Compare(call.Outputs[0], call.Inputs[0], policy.Of(call.Name));
    string[] columns = [call.Name, result.Passed ? "True" : "False", Number(result.Used), Number(result.MaxAbs), result.Values.ToString(CultureInfo.InvariantCulture), result.Problem];
    Console.WriteLine(string.Join("\t", columns));
}

static string Number(double? value)
{
    return value?.ToString("R", CultureInfo.InvariantCulture) ?? "None";
}
