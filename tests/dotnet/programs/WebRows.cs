// Serves the rows of every sample model in JSON, at /<name>, until its standard input ends.
using Acme.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

internal static class WebRows
{
    internal static async Task ServeAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddTexts().AddTokens().AddHalves().AddSeries().AddPair().AddImage().AddBest().AddWindow().AddWhole().AddMany().AddMixed().AddTextSum();
        await using WebApplication app = builder.Build();
        app.MapTexts("/texts");
        app.MapTokens("/tokens");
        app.MapHalves("/halves");
        app.MapSeries("/series");
        app.MapPair("/pair");
        app.MapImage("/image");
        app.MapBest("/best");
        app.MapWindow("/window");
        app.MapWhole("/whole");
        app.MapMany("/many");
        app.MapMixed("/mixed");
        app.MapTextSum("/textsum");
        app.MapSeries("/batched/series", options => options.MicroBatching = true);
        app.MapTexts("/batched/texts", options => options.MicroBatching = true);
        app.MapImage("/batched/image", options => options.MicroBatching = true);
        app.MapTextSum("/batched/textsum", options => options.MicroBatching = true);
        await app.StartAsync();
        Console.WriteLine(app.Urls.First());
        await Console.In.ReadToEndAsync();
    }
}
