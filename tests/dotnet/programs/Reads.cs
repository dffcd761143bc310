// A client that reads text: its tokens, its ways in, its refusals, and many callers at once. One text a line of texts.txt, as JSON.
using System.Text.Json;
using Acme.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

string[] texts = File.ReadAllLines(args[0]).Select(line => JsonSerializer.Deserialize<string>(line)!).ToArray();
using Reads model = Reads.Load(new ReadsOptions { MaxBatchSize = 5, ValidateInputs = true });
foreach (string text in texts) Console.WriteLine("tokens " + string.Join(" ", model.Tokenize(text)));

long[][] ids = texts.Select(model.Tokenize).ToArray();
ReadsOutput[] list = model.Run(texts);
ReadsOutput[] gathered = await Task.WhenAll(texts.Select(text => model.RunAsync(text)));
ReadsOutput[] tensors = model.Run(ids.Select(row => new ReadsInput(Ones(row.Length), new long[row.Length], row)).ToArray());
Console.WriteLine("ways " + texts.Select((text, i) => (model.Run(text), i)).All(pair =>
    new[] { pair.Item1, list[pair.i], gathered[pair.i], tensors[pair.i] }.All(answer => answer.Sum == ids[pair.i].Sum() && answer.Count == ids[pair.i].Length)));
Console.WriteLine("empty " + model.Run(Array.Empty<string>()).Length);

int wrong = 0;
Parallel.For(0, 20_000, i => { if (model.Run(texts[i % texts.Length]).Sum != ids[i % texts.Length].Sum()) Interlocked.Increment(ref wrong); });
Console.WriteLine("wrong " + wrong);

string altered = Path.Combine(AppContext.BaseDirectory, "altered.txt");
File.WriteAllText(altered, File.ReadAllText(Path.Combine(AppContext.BaseDirectory, Reads.VocabularyFile)) + "more\n");
Throws("null", () => model.Run((string)null!));
Throws("null tokens", () => model.Tokenize(null!));
Throws("null list", () => model.Run((string[])null!));
Throws("second", () => model.Run(["a", null!]));
Throws("half", () => model.Tokenize("ok \ud83d!"));
Throws("late half", () => model.RunAsync(new string('!', 99) + "\udf89").Wait());
Throws("no vocabulary", () => Reads.Load(new ReadsOptions { VocabularyPath = "gone.txt" }));
Throws("altered", () => Reads.Load(new ReadsOptions { VocabularyPath = altered }));

var services = new ServiceCollection();
services.AddLogging();
services.AddReads();
await using ServiceProvider provider = services.BuildServiceProvider();
HealthReport report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync();
Console.WriteLine("health " + report.Status);

static long[] Ones(int length) => Enumerable.Repeat(1L, length).ToArray();

static void Throws(string what, Action action)
{
    try
    {
        action();
        Console.WriteLine("throws " + what + ": nothing");
    }
    catch (Exception error)
    {
        Console.WriteLine("throws " + what + ": " + error.GetType().Name + ": " + error.Message.Replace("\n", " "));
    }
}
