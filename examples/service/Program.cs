using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
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

services.AddDigits(options =>
{
    builder.Configuration.Bind("Digits", options);
    options.ValidateInputs = true;
});
services.AddSingleton<PredictionMetrics>();
services.ConfigureHttpJsonOptions(options =>
{
    options.SerializerOptions.TypeInfoResolverChain.Insert(0, PredictionJson.Default);
    options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
    options.SerializerOptions.RespectNullableAnnotations = true;
    options.SerializerOptions.RespectRequiredConstructorParameters = true;
});
services.AddOpenApi();
services.AddProblemDetails(options => options.CustomizeProblemDetails = Problems.Explain);
services.AddExceptionHandler<Problems>();
services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);

WebApplication app = builder.Build();
app.UsePredictionMetrics();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.MapOpenApi();
app.MapHealthChecks("/health");
app.MapPredictions();

// Warm-up: loads the model before the first request, so that a missing model ends the program instead of failing requests.
_ = app.Services.GetRequiredService<Digits>();
app.Run();
