#nullable enable

namespace TheNamespace.TheModelEngine;

using System.Text.Json;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

/// <summary>Answers requests about a model, and to it.</summary>
internal sealed class OpenInferenceModel
{
    private readonly TheModelOpenInferenceOptions _options;
    private readonly string _healthCheck;
    private readonly InferEndpoint _endpoint;
    private readonly byte[] _metadata;

    internal OpenInferenceModel(TheModelOpenInferenceOptions options, RegisteredModel registered)
    {
        _options = options;
        _healthCheck = registered.Name;
        _endpoint = new InferEndpoint(options, new ModelRunner(registered, options.MicroBatching, options.MaxWait));
        _metadata = OpenInferenceMetadata.WriteModel(options, ModelContract.OfTheModel);
    }

    internal Task DescribeAsync(HttpContext context)
    {
        return OpenInferenceAnswer.WriteAsync(context, StatusCodes.Status200OK, _metadata);
    }

    internal async Task AnswerReadyAsync(HttpContext context)
    {
        bool isReady = await OpenInferenceHealth.AskModelAsync(context, _healthCheck).ConfigureAwait(false);
        byte[] answer = OpenInferenceAnswer.Build(WriteReady, isReady);
        await OpenInferenceAnswer.WriteAsync(context, OpenInferenceHealth.Status(isReady), answer).ConfigureAwait(false);
    }

    internal Task InferAsync(HttpContext context)
    {
        return _endpoint.HandleAsync(context);
    }

    internal Task RefuseVersionAsync(HttpContext context)
    {
        return OpenInferenceAnswer.WriteErrorAsync(
            context,
            StatusCodes.Status404NotFound,
            "Expected version \"" + _options.ModelVersion + "\" of the model \"" + _options.ModelName + "\", got \"" + context.GetRouteValue("version") + "\".");
    }

    internal Task RefuseActionAsync(HttpContext context)
    {
        string action = context.GetRouteValue("action") as string ?? string.Empty;
        bool isMethod = action is "" or "ready" or "infer";
        context.Response.Headers.Allow = !isMethod ? default : action is "infer" ? "POST" : "GET";
        return OpenInferenceAnswer.WriteErrorAsync(
            context,
            isMethod ? StatusCodes.Status405MethodNotAllowed : StatusCodes.Status404NotFound,
            "Expected GET for the metadata of the model \"" + _options.ModelName + "\", GET …/ready or POST …/infer, got " + context.Request.Method
            + (action.Length == 0 ? "." : " …/" + action + "."));
    }

    private void WriteReady(Utf8JsonWriter writer, bool isReady)
    {
        writer.WriteString("name", _options.ModelName);
        writer.WriteBoolean("ready", isReady);
        if (!isReady)
        {
            writer.WriteString("error", "Expected healthy checks of the model, got an unhealthy one: ask the program's health checks why.");
        }
    }
}
