using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Torch2DotNet.Service.Tests;

/// <summary>Who may ask for what, and how often.</summary>
public sealed class AccessTests(Service service) : IClassFixture<Service>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer only-for-developmen")]
    [InlineData("Bearer only-for-development2")]
    [InlineData("Basic only-for-development")]
    public async Task Without_the_key_of_a_caller_there_is_no_answer(string? header)
    {
        using HttpResponseMessage response = await AskAsync(HttpMethod.Post, "/digits", header);

        Assert.Equal("Bearer", Assert.Single(response.Headers.WwwAuthenticate).Scheme);
        Assert.Contains("Authorization: Bearer <key>", await Service.ExplanationAsync(response, HttpStatusCode.Unauthorized), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/metrics")]
    [InlineData("/nothing")]
    public async Task What_is_not_said_to_be_open_needs_a_key(string path)
    {
        using HttpResponseMessage response = await AskAsync(HttpMethod.Get, path, null);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/openapi/v1.json")]
    public async Task Health_and_the_description_are_open(string path)
    {
        using HttpResponseMessage response = await AskAsync(HttpMethod.Get, path, null);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_caller_who_comes_too_often_comes_again_later()
    {
        await using var limited = new Service(
            new FakeModel().Replace, ("Callers:RequestsPerSecond", "1"), ("Callers:Keys:other", "a-key-of-another-caller"));
        // A second of the limit may end between two of them, but not between each two of four.
        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ =>
            limited.Client.PostAsync("/digits", Service.Body("{}"), Cancellation)));

        HttpResponseMessage rejected = answers.First(answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(1), rejected.Headers.RetryAfter?.Delta);
        Assert.Contains("in a second", await Service.ExplanationAsync(rejected, HttpStatusCode.TooManyRequests), StringComparison.Ordinal);

        limited.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "a-key-of-another-caller");
        await limited.RefusedAsync("/digits", Service.Body("{}"), HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_key_is_added_while_the_service_runs()
    {
        await using var reloaded = new Service(new FakeModel().Replace);
        var configuration = (IConfigurationRoot)reloaded.Services.GetRequiredService<IConfiguration>();
        reloaded.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "a-key-that-is-new");
        await reloaded.RefusedAsync("/digits", Service.Body("{}"), HttpStatusCode.Unauthorized);

        configuration["Callers:Keys:new"] = "a-key-that-is-new";
        configuration.Reload();

        await reloaded.RefusedAsync("/digits", Service.Body("{}"), HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData]
    [InlineData("--Callers:Keys:mobile=")]
    [InlineData("--Callers:Keys:mobile=too-short")]
    [InlineData("--Callers:Keys:mobile=long-enough-for-a-key", "--Callers:RequestsPerSecond=0")]
    public async Task A_service_that_anybody_or_nobody_could_call_does_not_start(params string[] settings)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => Service.RunAsync(["--environment=Production", "--urls=http://127.0.0.1:0", .. settings]));

        Assert.StartsWith("Callers: expected a key of 16 characters or more for each caller", error.Message, StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> AskAsync(HttpMethod method, string path, string? header)
    {
        using HttpClient client = service.CreateClient();
        using var request = new HttpRequestMessage(method, path);
        if (header is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", header);
        }

        return await client.SendAsync(request, Cancellation);
    }
}
