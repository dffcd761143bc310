// A client with a tokenizer: its tokens, every method, rejected input, and concurrent callers. texts.txt has a JSON string on each line.
using System.Text.Json;
using Acme.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

string[] texts = File.ReadAllLines(args[0]).Select(line => JsonSerializer.Deserialize<string>(line)!).ToArray();
using TextSum model = TextSum.Load(new TextSumOptions { MaxBatchSize = 5, ValidateInputs = true });
foreach (string text in texts) Console.WriteLine("tokens " + string.Join(" ", model.Tokenize(text)));

long[][] ids = texts.Select(model.Tokenize).ToArray();
TextSumOutput[] list = model.Run(texts);
TextSumOutput[] asynchronous = await Task.WhenAll(texts.Select(text => model.RunAsync(text)));
TextSumOutput[] tensors = model.Run(ids.Select(row => new TextSumInput(Ones(row.Length), new long[row.Length], row)).ToArray());
Console.WriteLine("methods " + texts.Select((text, i) => (model.Run(text), i)).All(pair =>
    new[] { pair.Item1, list[pair.i], asynchronous[pair.i], tensors[pair.i] }.All(answer => answer.Sum == ids[pair.i].Sum() && answer.Count == ids[pair.i].Length)));
Console.WriteLine("empty " + model.Run(Array.Empty<string>()).Length);

int wrong = 0;
Parallel.For(0, 20_000, i => { if (model.Run(texts[i % texts.Length]).Sum != ids[i % texts.Length].Sum()) Interlocked.Increment(ref wrong); });
Console.WriteLine("wrong " + wrong);

string altered = Path.Combine(AppContext.BaseDirectory, "altered.txt");
File.WriteAllText(altered, File.ReadAllText(Path.Combine(AppContext.BaseDirectory, TextSum.VocabularyFile)) + "more\n");
Failures.Print("null", () => model.Run((string)null!));
Failures.Print("null tokens", () => model.Tokenize(null!));
Failures.Print("null list", () => model.Run((string[])null!));
Failures.Print("second", () => model.Run(["a", null!]));
Failures.Print("half", () => model.Tokenize("ok \ud83d!"));
Failures.Print("late half", () => model.RunAsync(new string('!', 99) + "\udf89").Wait());
Failures.Print("no vocabulary", () => TextSum.Load(new TextSumOptions { VocabularyPath = "gone.txt" }));
Failures.Print("altered", () => TextSum.Load(new TextSumOptions { VocabularyPath = altered }));

var services = new ServiceCollection();
services.AddLogging();
services.AddTextSum();
await using ServiceProvider provider = services.BuildServiceProvider();
HealthReport report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync();
Console.WriteLine("health " + report.Status);

static long[] Ones(int length) => Enumerable.Repeat(1L, length).ToArray();
