namespace TheNamespace.Tests;

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.ML.OnnxRuntime;
using TheNamespace.TheModelEngine;
using Xunit;

/// <summary>Rows of docs/dotnet/failures.md by their conditions; tests/dotnet/test_failures.py compares names, types and sentences with the page's.</summary>
public sealed class FailureTests
{
    private static readonly Dictionary<string, Failure> Rows = new(StringComparer.Ordinal)
    {
        ["an array of another length"] = new(
            typeof(ArgumentException),
            "features: expected 4 values (one row, row-major of shape [4]), got 3.",
            With(model => model.Run(new float[3]))),
        ["NaN, with `ValidateInputs`"] = new(
            typeof(ArgumentException),
            "features: expected numbers from -100 to 100, got NaN at index 3.",
            With(model => model.Run([0f, 0f, 0f, float.NaN]))),
        ["out of range, with `ValidateInputs`"] = new(
            typeof(ArgumentException),
            "features: expected numbers from -100 to 100, got 101 at index 3.",
            With(model => model.Run([0f, 0f, 0f, 101f]))),
        ["a null row, list or text"] = new(
            typeof(ArgumentNullException),
            "features: expected 4 values (…), got null.",
            With(model => model.Run([new float[4], null!]))),
        ["fewer or more rows than `count` says"] = new(
            typeof(ArgumentException),
            "features: expected 3 rows of 4 values, got 8 values.",
            With(model => model.Run(new float[8], 3))),
        ["an unpaired surrogate in a text"] = new(
            typeof(ArgumentException),
            "text: expected well-formed UTF-16, got an unpaired surrogate at character 3.",
            () => TextCheck.Check("ok \ud83d", "text", string.Empty, "text")),
        ["an option out of its range"] = new(
            typeof(ArgumentException),
            "MaxQueue: expected at least 1, got 0.",
            () => TheModel.Load(new TheModelOptions { MaxQueue = 0 })),
        ["an unknown option in the configuration"] = new(
            typeof(OptionsValidationException),
            "TheModel:MaxBatchSiz: expected the name of an option, got \"MaxBatchSiz\": did you mean MaxBatchSize?",
            ConfigureAnUnknownOption),
        ["a provider that nobody knows, or twice, or after CPU"] = new(
            typeof(ArgumentException),
            "Provider: expected execution providers in the order in which they are tried, such as 'CUDA, CPU', …",
            () => TheModel.Load(new TheModelOptions { Provider = "CUDDA, CPU" })),
        ["cancelled"] = new(
            typeof(OperationCanceledException),
            "The run was cancelled.",
            CancelARun),
        ["the queue is full, with `RejectWhenFull`"] = new(
            typeof(TheModelQueueFullException),
            "Expected at most 1 rows in the queue, got one more: …",
            FillTheQueue),
        ["disposed, or the process ends"] = new(
            typeof(ObjectDisposedException),
            "This model has been disposed: load it again, or dispose it later.",
            With(model =>
            {
                model.Dispose();
                model.Run(new float[4]);
            })),
        ["a second caller of one `DigitsBuffers`"] = new(
            typeof(InvalidOperationException),
            "Expected one caller at a time, got a second one: …",
            With(ShareBuffers)),
        ["onnxruntime fails"] = new(
            typeof(TheModelException),
            "onnxruntime could not run the model: …",
            RunWithoutInputs),
        ["the model's file is missing"] = new(
            typeof(TheModelLoadException),
            "Expected the model at …, got: no such file.",
            () => TheModel.Load("/nowhere/TheModel.onnx")),
        ["it is another version's"] = new(
            typeof(TheModelLoadException),
            "Expected the model at …, but …, the model of another version of this package",
            LoadBesideAnotherVersion),
        ["it was changed"] = new(
            typeof(TheModelLoadException),
            "Expected the model with SHA-256 …, got … from …",
            () => TheModel.Load([1, 2, 3])),
        ["none of the providers is there"] = new(
            typeof(TheModelLoadException),
            "Expected one of the execution providers CUDA, got none of them on this machine …",
            () => TheModel.Load(new TheModelOptions { Provider = "CUDA" })),
        ["`UseGlobalThreadPool` without a pool"] = new(
            typeof(TheModelLoadException),
            "TheModelOptions.UseGlobalThreadPool: expected onnxruntime's environment with a global thread pool, …",
            () => TheModel.Load(new TheModelOptions { UseGlobalThreadPool = true })),
        ["`MapDigits` without `AddDigits`"] = new(
            typeof(InvalidOperationException),
            "Expected the services to have ITheModel, got none: call builder.Services.AddTheModel() before builder.Build().",
            Start(_ => { }, app => app.MapTheModel("/predict"))),
        ["a key that nobody has registered"] = new(
            typeof(InvalidOperationException),
            "Expected the services to have ITheModel with the key \"eu\", got none: …",
            Start(services => services.AddTheModel(), app => app.MapTheModel("/predict", options => options.Key = "eu"))),
        ["two models on one path"] = new(
            typeof(InvalidOperationException),
            "Expected one model on POST /predict, got …",
            Start(services => services.AddTheModel(), app => (app.MapTheModel("/predict"), app.MapTheModel("/predict")))),
        ["two models of one name in the Open Inference Protocol"] = new(
            typeof(ArgumentException),
            "Expected another name for each model of the Open Inference Protocol, got \"the model\" twice: …",
            Start(services => services.AddTheModel(), app => (app.MapTheModelOpenInference(), app.MapTheModelOpenInference()))),
        ["an option of an endpoint out of its range"] = new(
            typeof(ArgumentException),
            "TheModelEndpointOptions.MaxRows: expected at least 1, got 0.",
            Start(services => services.AddTheModel(), app => app.MapTheModel("/predict", options => options.MaxRows = 0))),
        ["the package has no golden calls"] = new(
            typeof(TheModelException),
            "Expected golden calls in the package TheNamespace.TheModel 1.0.0 for a self-test, got none: it was made with package.golden=none; …",
            () => Replay(new GoldenFiles(_ => null))),
        ["an answer differs, on `OnLoad`, `OnFirstUse` or `ThrowIfFailed`"] = new(
            typeof(TheModelSelfTestException),
            "Expected PyTorch's answers from TheNamespace.TheModel 1.0.0 on CPU with onnxruntime 1.31.1, got others: …",
            () => Replay(Golden.Changed("000.outputs.0.bin", bytes => bytes[0] += 7))),
    };

    public static TheoryData<string> Conditions => [.. Rows.Keys];

    [Theory]
    [MemberData(nameof(Conditions))]
    public void A_condition_has_its_exception_and_its_sentence(string condition)
    {
        Failure row = Rows[condition];
        Exception? error = Record.Exception(row.Cause);
        Assert.IsType(row.Type, error);
        Assert.Matches("^" + Regex.Escape(row.Sentence).Replace("…", ".*", StringComparison.Ordinal), error.Message);
    }

    private static Action With(Action<TheModel> call)
    {
        return () =>
        {
            using TheModel model = TheModel.Load(new TheModelOptions { ValidateInputs = true, IntraOpNumThreads = 1 });
            call(model);
        };
    }

    private static Action Start(Action<IServiceCollection> register, Func<WebApplication, object> map)
    {
        return () =>
        {
            WebApplicationBuilder builder = EndpointHost.CreateBuilder();
            register(builder.Services);
            WebApplication app = builder.Build();
            using IHost host = app;
            map(app);
            host.StartAsync(TestLimits.Token).GetAwaiter().GetResult();
        };
    }

    private static void CancelARun()
    {
        // What onnxruntime throws when it has been told to end is an exception of the same type.
        Exception? ended = Assert.Throws<TheModelException>(RunWithoutInputs).InnerException;
        throw LoadedModel.Failure(Assert.IsType<OnnxRuntimeException>(ended), new CancellationToken(canceled: true));
    }

    private static void ConfigureAnUnknownOption()
    {
        IConfiguration section = new ConfigurationBuilder().AddInMemoryCollection([new("TheModel:MaxBatchSiz", "7")]).Build().GetSection("TheModel");
        using ServiceProvider provider = new ServiceCollection().AddTheModel(section).BuildServiceProvider();
        provider.GetRequiredService<ITheModel>();
    }

    private static void FillTheQueue()
    {
        using TheModel model = TheModel.Load(new TheModelOptions { MaxQueue = 1, RejectWhenFull = true, MaxDelay = TimeSpan.FromMinutes(1) });
        Task<TheModelOutput> waits = model.RunAsync(new float[4]);
        Task<TheModelOutput> refused = model.RunAsync(new float[4]);
        Assert.False(waits.IsCompleted);
        throw refused.Exception!.InnerException!;
    }

    private static void ShareBuffers(TheModel model)
    {
        using TheModelBuffers buffers = model.CreateBuffers(10_000);
        Task[] callers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                buffers.Run();
            }
        }))];
        Task.WaitAny(callers, TestLimits.Token);
        throw callers.First(caller => caller.IsFaulted).Exception!.InnerException!;
    }

    private static void RunWithoutInputs()
    {
        using LoadedModel model = Golden.LoadModel();
        using var run = new BoundRun(model, pooled: false);
        run.BindOutput<long>("label", 1, [1]);
        run.Run();
    }

    private static void LoadBesideAnotherVersion()
    {
        string folder = Directory.CreateTempSubdirectory("failure of ü ").FullName;
        try
        {
            File.WriteAllBytes(Path.Combine(folder, "TheModel.01234567.onnx"), []);
            TheModel.Load(Path.Combine(folder, TheModel.ModelFile));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Replay(GoldenFiles golden)
    {
        using LoadedModel model = Golden.LoadModel();
        SelfTester.Run(model, null, CancellationToken.None, golden).ThrowIfFailed();
    }

    /// <summary>What is thrown, how its sentence begins, with … for what depends on the machine, and what causes it.</summary>
    private sealed record Failure(Type Type, string Sentence, Action Cause);
}
