using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;

namespace Torch2DotNet.Service.Tests;

/// <summary>The service on Kestrel, because TestServer has neither its limits nor its aborts, with settings as on a command line.</summary>
public class Service : WebApplicationFactory<Program>
{
    // Of appsettings.Development.json: the tests run the service as in development.
    private const string Key = "only-for-development";

    private readonly Action<IServiceCollection> _replace;
    private readonly (string Key, string Value)[] _settings;

    public Service()
        : this([])
    {
    }

    internal Service(params (string Key, string Value)[] settings)
        : this(_ => { }, settings)
    {
    }

    /// <param name="replace">Puts other services in the place of the program's.</param>
    /// <param name="settings">As on a command line.</param>
    internal Service(Action<IServiceCollection> replace, params (string Key, string Value)[] settings)
    {
        _replace = replace;
        _settings = settings;
        // UseKestrel(0) sets the port after the program may have started.
        UseKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        StartServer();
        Client = CreateClient();
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
    }

    /// <summary>A handwritten seven.</summary>
    internal static float[] Seven { get; } = Array.ConvertAll(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "digit.txt")).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries),
        text => float.Parse(text, CultureInfo.InvariantCulture));

    /// <summary>Has the key of a caller.</summary>
    internal HttpClient Client { get; }

    /// <summary>Runs the program itself; its exit code.</summary>
    internal static Task<int> RunAsync(params string[] arguments) =>
        Task.Run(() => (int)typeof(Program).Assembly.EntryPoint!.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [arguments], null)!)
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);

    internal static StringContent Body(string text, string type = "application/json") =>
        new(text, Encoding.UTF8, MediaTypeHeaderValue.Parse(type));

    internal Task<HttpResponseMessage> AskAsync(float[] pixels, CancellationToken cancellation) =>
        Client.PostAsJsonAsync("/digits", new { pixels }, cancellation);

    /// <summary>Posts an invalid request; returns the explanation in the answer.</summary>
    internal async Task<string> RefusedAsync(string path, HttpContent body, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = body };
        // A server that refuses a body closes the connection, which a client that is still sending it may see first.
        request.Headers.ExpectContinue = true;
        using HttpResponseMessage response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await ExplanationAsync(response, expected);
    }

    /// <summary>The explanation in the problem details of an answer.</summary>
    internal static async Task<string> ExplanationAsync(HttpResponseMessage response, HttpStatusCode expected)
    {
        Assert.Equal(expected, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        ProblemDetails? problem = await response.Content.ReadFromJsonAsync<ProblemDetails>(JsonSerializerOptions.Web, TestContext.Current.CancellationToken);
        Assert.Equal((int)expected, problem?.Status);
        Assert.False(string.IsNullOrEmpty(problem?.Detail));
        return problem.Detail;
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("Logging:LogLevel:Default", "Warning");
        builder.ConfigureTestServices(_replace);
        foreach ((string key, string value) in _settings)
        {
            builder.UseSetting(key, value);
        }
    }
}

internal sealed record Answer(string Label, float[] Probabilities);

internal sealed record Answers(Answer[] Rows);
