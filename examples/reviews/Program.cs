// Raw text in, label and probabilities out: the model splits the text into words itself, so the client has no tokenizer.
// What a service needs beside the model, the example `service` has.
WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 4 << 20);
builder.Services.AddSentiment(options => options.IntraOpNumThreads = 1);

WebApplication app = builder.Build();
app.MapSentiment("/sentiment");
app.MapHealthChecks("/health/ready");
app.Run();
