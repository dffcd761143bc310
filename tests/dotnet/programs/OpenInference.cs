using Acme.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

// Three models by the Open Inference Protocol on a free port, which it prints; until its input ends.
WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(server => server.Limits.MaxRequestBodySize = 1 << 16);
builder.Logging.ClearProviders();
builder.Services.AddTiny();
builder.Services.AddMany();
builder.Services.AddTextSum();
await using WebApplication app = builder.Build();
app.MapTinyOpenInference();
app.MapManyOpenInference(options => options.ModelVersion = "7");
app.MapTextSumOpenInference(options => options.ModelName = "text sum");
await app.StartAsync();
Console.WriteLine(app.Urls.First());
await Console.In.ReadToEndAsync();
