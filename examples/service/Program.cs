using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using OpenTelemetry.Metrics;
using Torch2DotNet;
using Torch2DotNet.Service;

WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
IServiceCollection services = builder.Services;

services.AddOptions<ServiceSettings>().BindConfiguration("Service").Validate(
    settings => settings is { MaxRows: > 0, MaxBodyBytes: > 0 }, "Service: expected MaxRows and MaxBodyBytes above 0.").ValidateOnStart();
services.AddOptions<KestrelServerOptions>().Configure<IOptions<ServiceSettings>>(
    (kestrel, settings) => kestrel.Limits.MaxRequestBodySize = settings.Value.MaxBodyBytes);
services.AddOptions<HostOptions>().Configure<IOptions<ServiceSettings>>(
    (host, settings) => host.ShutdownTimeout = settings.Value.ShutdownTimeout);

// Loads and runs the model before Kestrel starts; a model that does not load, or an option that is wrong, ends the program with a sentence.
services.AddDigits(builder.Configuration.GetSection("Digits")).Configure<DigitsOptions>(options => options.ValidateInputs = true);
services.AddHealthChecks().AddDigitsSelfTest();
// Without a view the first bucket of a histogram ends at five seconds.
services.AddOpenTelemetry().WithMetrics(metrics => metrics
    .AddMeter("Torch2DotNet.Digits", "Microsoft.AspNetCore.Hosting")
    .AddView("torch2dotnet.*.duration", new ExplicitBucketHistogramConfiguration { Boundaries = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1] })
    .AddPrometheusExporter());
services.ConfigureHttpJsonOptions(options =>
{
    options.SerializerOptions.TypeInfoResolverChain.Insert(0, PredictionJson.Default);
    options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
    options.SerializerOptions.RespectNullableAnnotations = true;
    options.SerializerOptions.RespectRequiredConstructorParameters = true;
});
services.AddOpenApi();
services.AddProblemDetails(options => options.CustomizeProblemDetails = Problems.Explain);
services.AddDigitsExceptionHandler();
services.AddExceptionHandler<Problems>();
services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);

WebApplication app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.MapOpenApi();
app.MapHealthChecks("/health");
app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });
app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
app.MapPrometheusScrapingEndpoint();
app.MapPredictions();
app.Run();
