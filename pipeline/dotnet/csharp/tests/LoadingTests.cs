namespace TheNamespace.Tests;

using System;
using System.Globalization;
using System.IO;
using System.Linq;
using Microsoft.ML.OnnxRuntime;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class LoadingTests
{
    private static readonly string ModelPath = Path.Combine(AppContext.BaseDirectory, TheModel.ModelFile);

    [Fact]
    public void A_file_bytes_and_a_stream_give_the_same_answer()
    {
        byte[] bytes = File.ReadAllBytes(ModelPath);
        using TheModel fromFile = TheModel.Load(ModelPath);
        using TheModel fromBytes = TheModel.Load(bytes);
        using var stream = new MemoryStream([0, .. bytes]);
        stream.Position = 1;
        using TheModel fromStream = TheModel.Load(stream);
        using TheModel fromOption = TheModel.Load(new TheModelOptions { ModelPath = ModelPath });
        float[] expected = fromFile.Run([1f, 2f, 3f, 4f]).Scores;
        Assert.All([fromBytes, fromStream, fromOption], model => Assert.Equal(expected, model.Run([1f, 2f, 3f, 4f]).Scores));
        Assert.True(stream.CanRead);
    }

    [Fact]
    public void A_stream_may_give_its_bytes_in_pieces()
    {
        using var pieces = new Dripping(File.ReadAllBytes(ModelPath));
        using TheModel model = TheModel.Load(pieces);
        Assert.Equal(3, model.Run([1f, 2f, 3f, 4f]).Scores.Length);
    }

    [Fact]
    public void Other_bytes_are_refused_with_both_checksums()
    {
        var error = Assert.Throws<TheModelLoadException>(() => TheModel.Load([1, 2, 3]));
        Assert.Equal(
            "Expected the model with SHA-256 " + TheModel.ModelSha256 + " (286 bytes), got 039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81"
            + " (3 bytes) from the byte array: this client loads only the model of TheNamespace.TheModel 1.0.0; clean and rebuild the project, so that it is"
            + " copied.",
            error.Message);
    }

    [Fact]
    public void A_short_stream_is_refused()
    {
        using var stream = new MemoryStream([1, 2, 3]);
        var error = Assert.Throws<TheModelLoadException>(() => TheModel.Load(stream));
        Assert.Contains("(3 bytes) from the stream: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stream_that_does_not_end_is_refused_after_the_model_s_size()
    {
        using var endless = new Endless();
        var error = Assert.Throws<TheModelLoadException>(() => TheModel.Load(endless));
        Assert.Contains("got more than 286 bytes from the stream: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_in_a_format_of_the_future_says_which_onnxruntime_is_asked_for()
    {
        byte[] model = File.ReadAllBytes(ModelPath);
        Assert.Equal(8, model[1]); // IR version
        model[1] = 99;
        var error = Assert.Throws<TheModelLoadException>(() => LoadedSession.FromBytes(model, new TheModelOptions(), FileOf(model)));
        Assert.Matches(
            @"^onnxruntime \d\S* could not load the model: .*IR version: 99.* The model was proven in Python with onnxruntime 1\.31\.1, and"
            + @" TheNamespace\.TheModel asks for 1\.31\.1 or later: reference Microsoft\.ML\.OnnxRuntime 1\.31\.1 or later from the program's own project\.$",
            error.Message);
        Assert.IsType<OnnxRuntimeException>(error.InnerException);
    }

    [Theory]
    [InlineData("1.0.0")]
    [InlineData("1.0.0-dev")]
    public void A_runtime_that_is_older_than_the_format_says_which_is_the_oldest(string version)
    {
        Assert.Contains(
            "could not load the model: no opset 17 Its format needs onnxruntime " + Facts.OldestOnnxRuntime + " or later. The model was proven ",
            SessionFailure.Sentence(version, "no\nopset 17", configured: false),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Facts.OldestOnnxRuntime)]
    [InlineData("one of my own")]
    public void A_runtime_that_is_not_older_says_nothing_of_the_oldest(string version)
    {
        Assert.Contains(" no opset 17 The model was proven ", SessionFailure.Sentence(version, "no opset 17", configured: false), StringComparison.Ordinal);
    }

    [Fact]
    public void The_session_s_configuration_is_named_where_it_may_be_the_cause()
    {
        var options = new TheModelOptions { ConfigureSession = settings => settings.AddSessionConfigEntry("session.model_external_initializers_file_folder_path", "/nowhere") };
        byte[] damaged = [.. File.ReadAllBytes(ModelPath).Take(100)];
        var error = Assert.Throws<TheModelLoadException>(() => LoadedSession.FromBytes(damaged, options, FileOf(damaged)));
        Assert.EndsWith("or correct what TheModelOptions.ConfigureSession sets.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_the_program_throws_while_it_configures_the_session_is_left_as_it_is()
    {
        var options = new TheModelOptions { ConfigureSession = _ => throw new NotSupportedException("the program's own") };
        Assert.Equal("the program's own", Assert.Throws<NotSupportedException>(() => TheModel.Load(options)).Message);
    }

    [Fact]
    public void A_global_thread_pool_that_the_program_has_not_made_is_said()
    {
        var error = Assert.Throws<TheModelLoadException>(() => TheModel.Load(new TheModelOptions { UseGlobalThreadPool = true, Provider = "XNNPACK, CPU" }));
        Assert.StartsWith("TheModelOptions.UseGlobalThreadPool: expected onnxruntime's environment with a global thread pool, got one without: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_provider_that_the_native_library_lacks_is_passed_over_with_its_reason()
    {
        using TheModel model = TheModel.Load(new TheModelOptions { Provider = "QNN, XNNPACK, CPU" });
        Assert.Equal("CPU", model.Diagnostics.Provider);
        Assert.Equal(
            [
                "QNN: the native library was not built with it (reference Microsoft.ML.OnnxRuntime.QNN, and Microsoft.ML.OnnxRuntime with"
                    + " ExcludeAssets=\"all\", whose file would take the place of its own)",
                "XNNPACK: the native library was not built with it",
            ],
            model.Diagnostics.RejectedProviders.Select(entry => entry.ToString()));
    }

    [Fact]
    public void A_provider_that_fails_when_the_session_opens_is_passed_over_too()
    {
        var late = new ExecutionProvider("Late", string.Empty, settings => settings.DisablePerSessionThreads());
        LoadedSession session = SessionOpener.Open(ModelContent.InFile(ModelPath), new TheModelOptions(), [late, ExecutionProvider.Cpu]);
        Assert.Equal("CPU", session.Diagnostics.Provider);
        Assert.Contains("EnvCreatedWithGlobalThreadPools", Assert.Single(session.Diagnostics.RejectedProviders).Reason, StringComparison.Ordinal);
        session.Release();
    }

    [Fact]
    public void Every_provider_can_be_asked_for()
    {
        string all = string.Join(",", ExecutionProvider.All.Select(provider => provider.Name).Where(name => name != "CPU").Append("CPU"));
        using TheModel model = TheModel.Load(new TheModelOptions { Provider = all });
        Assert.Equal(ExecutionProvider.All.Count - 1, model.Diagnostics.RejectedProviders.Count);
    }

    [Fact]
    public void Without_the_CPU_none_of_the_providers_is_an_error_with_every_reason()
    {
        var error = Assert.Throws<TheModelLoadException>(() => TheModel.Load(new TheModelOptions { Provider = "ROCm, MIGraphX" }));
        Assert.StartsWith("Expected one of the execution providers ROCm, MIGraphX, got none of them on this machine with onnxruntime ", error.Message, StringComparison.Ordinal);
        Assert.Contains(": ROCm: the native library was not built with it; MIGraphX: the native library was not built with it; end ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_session_is_configured_once_for_each_provider_that_is_there()
    {
        int configured = 0;
        using TheModel model = TheModel.Load(new TheModelOptions { Provider = "CUDA, CPU", ConfigureSession = _ => configured++ });
        Assert.Equal(1, configured);
    }

    private static PackageFile FileOf(byte[] model)
    {
        return new PackageFile("model", "m." + model.Length.ToString(CultureInfo.InvariantCulture) + ".onnx", Checksum.Sha256(model), model.Length, "pass it");
    }

    private sealed class Dripping(byte[] content) : MemoryStream(content)
    {
        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(count, 7));
    }

    private sealed class Endless : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count) => count;
    }
}
