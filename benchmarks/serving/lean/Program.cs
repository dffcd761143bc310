// One model behind one endpoint, under the same host settings whatever the endpoint is:
//   lean --Model linear|digits|sentiment|minilm --Endpoint rows|inference|typed|floor|hello [--Answer TEXT] [--MicroBatching true]
//        [--InlineScheduling true] [--Options:MaxBatchSize 8 …]
// or, to see what the model itself costs, its calls in a loop:
//   lean --Model linear --Endpoint calls --Threads 2 --Seconds 1 --Body TEXT
using System.Text;
using Torch2DotNet.Benchmarks;

WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
IConfiguration configuration = builder.Configuration;
string endpoint = configuration["Endpoint"]!;
Served served = Served.Get(configuration["Model"]!);
bool runsModel = endpoint is not ("floor" or "hello");
if (runsModel)
{
    served.Add(builder.Services, configuration.GetSection("Options"));
}

if (configuration.GetValue("InlineScheduling", false))
{
    builder.WebHost.UseSockets(sockets => sockets.UnsafePreferInlineScheduling = true);
}

builder.Services.AddHealthChecks();
builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, Json.Default));
WebApplication app = builder.Build();
if (endpoint == "calls")
{
    Calls.Print(served.CreateCalls(app.Services, configuration["Body"]!), configuration.GetValue("Threads", 1), configuration.GetValue("Seconds", 1.0));
    return;
}

app.MapHealthChecks("/health");
switch (endpoint)
{
    case "rows":
        served.MapRows(app, configuration.GetValue<bool?>("MicroBatching"));
        break;
    case "inference":
        served.MapInference(app);
        break;
    case "typed":
        served.MapTyped(app);
        break;
    case "floor":
        app.MapPost("/predict", new Floor(Encoding.UTF8.GetBytes(configuration["Answer"]!)).HandleAsync);
        break;
    case "hello":
        app.MapPost("/predict", () => "hello");
        break;
    default:
        throw new ArgumentException($"Endpoint: expected rows, inference, typed, floor, hello or calls, got {endpoint}.");
}

app.Run();
