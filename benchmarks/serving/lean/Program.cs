// A minimal service with one endpoint; examples/service is a complete one.
using System.Text.Json.Serialization;
using Torch2DotNet;

WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
builder.Services.AddLinear(options => options.IntraOpNumThreads = 1);
builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, Json.Default));

WebApplication app = builder.Build();
app.MapHealthChecks("/health");
app.MapPost("/predict", (Request request, Linear model) => new Response(model.Run(request.Input).Output));
app.Run();

internal sealed record Request(float[] Input);

internal sealed record Response(float[] Output);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Request))]
[JsonSerializable(typeof(Response))]
internal sealed partial class Json : JsonSerializerContext;
