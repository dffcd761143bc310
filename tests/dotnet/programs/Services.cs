using Acme.Models;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

var services = new ServiceCollection();
services.AddLogging();
services.AddTiny(options => options.IntraOpNumThreads = 1).AddTiny(options => options.MaxBatchSize = 7).AddMixed();
await using ServiceProvider provider = services.BuildServiceProvider();
Console.WriteLine("singleton " + ReferenceEquals(provider.GetRequiredService<Tiny>(), provider.GetRequiredService<Tiny>()));
var settings = provider.GetRequiredService<Microsoft.Extensions.Options.IOptions<TinyOptions>>().Value;
Console.WriteLine($"options {settings.IntraOpNumThreads} {settings.MaxBatchSize}");
HealthReport report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync();
foreach (var entry in report.Entries) Console.WriteLine($"health {entry.Key} {entry.Value.Status}");
File.Delete(Path.Combine(AppContext.BaseDirectory, Mixed.ModelFile));
await using ServiceProvider without = services.BuildServiceProvider();
report = await without.GetRequiredService<HealthCheckService>().CheckHealthAsync();
Console.WriteLine($"without its model file: {report.Entries["mixed"].Status} {report.Entries["mixed"].Exception?.GetType().Name}");
