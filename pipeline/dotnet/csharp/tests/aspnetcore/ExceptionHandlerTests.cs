namespace TheNamespace.Tests;

using System;
using System.IO;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

public sealed class ExceptionHandlerTests
{
    private readonly DefaultHttpContext _context = new() { TraceIdentifier = "trace", Response = { Body = new MemoryStream() } };

    [Fact]
    public async Task A_row_that_the_model_refuses_is_a_bad_request()
    {
        using TheModel model = TheModel.Load();
        JsonElement problem = await AnswerAsync(Assert.Throws<ArgumentException>(() => model.Run([1f, 2f])));
        Assert.Equal(400, _context.Response.StatusCode);
        Assert.Equal("application/problem+json", _context.Response.ContentType);
        Assert.Equal(400, problem.GetProperty("status").GetInt32());
        Assert.Equal("Bad Request", problem.GetProperty("title").GetString());
        Assert.Equal("https://tools.ietf.org/html/rfc9110#section-15.5.1", problem.GetProperty("type").GetString());
        Assert.Equal("features: expected 4 values (one row, row-major of shape [4]), got 2.", problem.GetProperty("detail").GetString());
        Assert.Equal("trace", problem.GetProperty("traceId").GetString());
    }

    [Fact]
    public async Task A_row_of_a_batch_is_named()
    {
        using TheModel model = TheModel.Load();
        JsonElement problem = await AnswerAsync(Assert.Throws<ArgumentNullException>(() => model.Run([new float[4], null!])));
        Assert.Equal("rows[1]: features: expected 4 values (one row, row-major of shape [4]), got null.", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_full_queue_asks_to_come_again()
    {
        JsonElement problem = await AnswerAsync(new TheModelQueueFullException("Expected at most 8 rows in the queue."));
        Assert.Equal(503, _context.Response.StatusCode);
        Assert.Equal("1", _context.Response.Headers.RetryAfter);
        Assert.Equal("Service Unavailable", problem.GetProperty("title").GetString());
        Assert.Equal("Expected at most 8 rows in the queue.", problem.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_client_that_has_gone_is_answered_with_499()
    {
        _context.RequestAborted = new CancellationToken(canceled: true);
        Assert.True(await HandleAsync(new OperationCanceledException()));
        Assert.Equal(499, _context.Response.StatusCode);
    }

    [Fact]
    public async Task What_the_program_cancels_itself_is_left_to_others()
    {
        Assert.False(await HandleAsync(new OperationCanceledException()));
    }

    [Fact]
    public async Task An_argument_that_the_program_got_wrong_is_left_to_others()
    {
        Assert.False(await HandleAsync(new ArgumentException("Expected a name.")));
    }

    [Fact]
    public async Task A_response_that_has_started_is_left_alone()
    {
        _context.Features.Set<IHttpResponseFeature>(new Started());
        Assert.False(await HandleAsync(new TheModelQueueFullException("full")));
    }

    [Fact]
    public void It_is_registered_once()
    {
        IServiceCollection services = new ServiceCollection().AddTheModelExceptionHandler().AddTheModelExceptionHandler();
        Assert.Equal(typeof(IExceptionHandler), Assert.Single(services).ServiceType);
    }

    private ValueTask<bool> HandleAsync(Exception error)
    {
        return new TheModelExceptionHandler().TryHandleAsync(_context, error, TestContext.Current.CancellationToken);
    }

    private async Task<JsonElement> AnswerAsync(Exception error)
    {
        Assert.True(await HandleAsync(error));
        _context.Response.Body.Position = 0;
        return (await JsonDocument.ParseAsync(_context.Response.Body, cancellationToken: TestContext.Current.CancellationToken)).RootElement;
    }

    private sealed class Started : HttpResponseFeature
    {
        public override bool HasStarted => true;
    }
}
