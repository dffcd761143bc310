namespace TheNamespace.Tests;

using System.IO.Pipelines;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class HangUpTests : IRequestBodyPipeFeature
{
    public PipeReader Reader { get; } = Reset();

    [Fact]
    public async Task A_caller_who_is_gone_in_the_middle_of_the_body_is_no_error_of_the_service()
    {
        var options = new TheModelEndpointOptions();
        using var runner = new ModelRunner(new RegisteredModel(null), microBatching: null, options.MaxWait);
        var context = new DefaultHttpContext { Request = { ContentType = "application/json" } };
        context.Features.Set<IRequestBodyPipeFeature>(this);
        await new RowEndpoint(runner, options).HandleAsync(context);
        Assert.Equal(499, context.Response.StatusCode);
    }

    private static PipeReader Reset()
    {
        var pipe = new Pipe();
        pipe.Writer.Complete(new ConnectionResetException("The client reset the request stream."));
        return pipe.Reader;
    }
}
