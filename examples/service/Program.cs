// A service with a model: two lines are the model's, AddDigits and MapDigits; the rest is what only you can decide, a comment for each decision.
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Torch2DotNet.Service;

// Docker's health check: an image without a shell has no curl, so the program asks itself.
if (args is ["--is-ready", string url])
{
    using var client = new HttpClient();
    using HttpResponseMessage answer = await client.GetAsync(url);
    return answer.IsSuccessStatusCode ? 0 : 1;
}

// Settings come from appsettings.json, the environment and the command line. TLS is left to what stands before the service.
WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
IConfiguration configuration = builder.Configuration;
IServiceCollection services = builder.Services;

// The model is loaded and run before the first request; one that does not load, or an option that is wrong, ends the program with a sentence.
services.AddDigits(configuration.GetSection("Digits"));

// Ready is a model that answers, and whose golden calls gave PyTorch's answers on this machine once.
services.AddHealthChecks().AddDigitsSelfTest();

// Limits: how large a request may be, and how many connections; the model's own queue has its limits in the section Digits.
services.Configure<KestrelServerOptions>(kestrel => configuration.GetSection("Kestrel:Limits").Bind(kestrel.Limits));

// Who may call: whoever has a key. Where an identity provider gives tokens, AddAuthentication().AddJwtBearer() stands here.
services.AddOptions<Callers>().BindConfiguration("Callers").Validate(callers => callers.AreValid, Callers.Expected).ValidateOnStart();
services.AddAuthenticationCore(schemes =>
{
    schemes.AddScheme<ApiKeyHandler>(ApiKeyHandler.Name, displayName: null);
    schemes.DefaultScheme = ApiKeyHandler.Name;
});

// What is not said to be open needs a key, an endpoint that is added later too.
services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());

// How often: each caller has its own share, so that none takes that of the others.
services.AddRateLimiter(limits =>
{
    limits.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
    limits.OnRejected = (rejected, _) =>
    {
        rejected.HttpContext.Response.Headers.RetryAfter = "1";
        return ValueTask.CompletedTask;
    };
    limits.AddPolicy("caller", context => RateLimitPartition.GetFixedWindowLimiter(context.User.Identity?.Name, _ => new()
    {
        PermitLimit = context.RequestServices.GetRequiredService<IOptions<Callers>>().Value.RequestsPerSecond,
        Window = TimeSpan.FromSeconds(1),
    }));
});

// Metrics are for Prometheus to fetch. Traces, which cost more, are made where there is somebody to send them to.
OpenTelemetryBuilder telemetry = services.AddOpenTelemetry().WithMetrics(metrics => metrics
    .AddMeter("Torch2DotNet.Digits", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
    // Without a view the first bucket of a histogram ends at five seconds.
    .AddView("torch2dotnet.*.duration", new ExplicitBucketHistogramConfiguration { Boundaries = [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.1, 1] })
    .AddPrometheusExporter());
if (configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is not null)
{
    telemetry.WithTracing(tracing => tracing.AddSource("Torch2DotNet.Digits").AddAspNetCoreInstrumentation()).UseOtlpExporter();
}

services.AddOpenApi(options => options.AddDocumentTransformer<ApiKeyDescription>());
// Every other error is answered as the model's are: problem details with a sentence.
services.AddProblemDetails(options => options.CustomizeProblemDetails = Problems.Explain);

WebApplication app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.UseAuthentication();
app.UseAuthorization();
app.UseRateLimiter();

app.MapDigits("/digits").RequireRateLimiting("caller");
// For clients of Triton and KServe; without such clients it goes.
app.MapDigitsOpenInference().RequireRateLimiting("caller");

// Whoever watches over the program has no key: live says that it answers, ready that the model does.
app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false }).AllowAnonymous();
app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") }).AllowAnonymous();
app.MapOpenApi().AllowAnonymous();
app.MapPrometheusScrapingEndpoint();

// At SIGTERM it takes no more connections and finishes the requests that it has, for ShutdownTimeoutSeconds at most.
await app.RunAsync();
return 0;
