namespace TheNamespace.Tests;

using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using NSubstitute;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class HealthCheckTests
{
    [Fact]
    public async Task A_model_that_answers_is_healthy_and_says_on_what()
    {
        HealthReportEntry entry = await CheckAsync(services => services.AddTheModel());

        Assert.Equal(HealthStatus.Healthy, entry.Status);
        Assert.Equal(["ready"], entry.Tags);
        Assert.Equal("TheModel.8bcbe269.onnx", entry.Data["model"]);
        Assert.Equal(TheModel.ModelSha256, entry.Data["sha256"]);
        Assert.Equal("1.0.0", entry.Data["version"]);
        Assert.Equal("CPU", entry.Data["provider"]);
        Assert.Equal("1.31.1", entry.Data["onnxruntime"]);
        Assert.False(entry.Data.ContainsKey("selfTest"));
    }

    [Fact]
    public async Task A_keyed_instance_has_a_check_of_its_own()
    {
        HealthReport report = await ReportAsync(services => services.AddTheModel().AddKeyedTheModel("eu"));
        Assert.Equal(["the model", "the model:eu"], report.Entries.Keys.Order());
    }

    [Fact]
    public async Task A_model_that_does_not_load_is_unhealthy_with_its_sentence()
    {
        HealthReportEntry entry = await CheckAsync(services =>
            services.AddTheModel(options => options.ConfigureSession = _ => throw new TheModelLoadException("No file.")));
        Assert.Equal((HealthStatus.Unhealthy, "No file."), (entry.Status, entry.Description));
        Assert.Equal("1.0.0", entry.Data["version"]);
    }

    [Fact]
    public async Task A_model_whose_options_are_wrong_is_unhealthy_with_its_sentence()
    {
        HealthReportEntry entry = await CheckAsync(services => services.AddTheModel(options => options.MaxQueue = 0));
        Assert.Equal((HealthStatus.Unhealthy, "TheModelOptions.MaxQueue: expected at least 1, got 0."), (entry.Status, entry.Description));
    }

    [Fact]
    public async Task A_disposed_model_is_unhealthy()
    {
        using ServiceProvider provider = new ServiceCollection().AddLogging().AddTheModel().BuildServiceProvider();
        provider.GetRequiredService<TheModel>().Dispose();
        HealthReport report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HealthStatus.Unhealthy, report.Status);
    }

    [Fact]
    public async Task A_fake_in_the_models_place_is_healthy_and_is_not_asked()
    {
        ITheModel fake = Substitute.For<ITheModel>();
        HealthReportEntry entry = await CheckAsync(services => services.AddTheModel().AddSingleton(fake));
        Assert.Equal(HealthStatus.Healthy, entry.Status);
        Assert.Empty(fake.ReceivedCalls());
    }

    [Fact]
    public async Task A_probe_throws_nothing_on_its_way()
    {
        using ServiceProvider provider = new ServiceCollection().AddLogging().AddTheModel().BuildServiceProvider();
        HealthCheckService checks = provider.GetRequiredService<HealthCheckService>();
        await checks.CheckHealthAsync(TestContext.Current.CancellationToken);
        int thrown = 0;
        AppDomain.CurrentDomain.FirstChanceException += Count;
        await checks.CheckHealthAsync(TestContext.Current.CancellationToken);
        AppDomain.CurrentDomain.FirstChanceException -= Count;
        Assert.Equal(0, thrown);

        // Other tests throw beside this one; the model's exceptions alone would come of sizes that are tried.
        void Count(object? sender, System.Runtime.ExceptionServices.FirstChanceExceptionEventArgs arguments)
        {
            if (Environment.StackTrace.Contains(nameof(HealthCheck.CheckHealthAsync), StringComparison.Ordinal))
            {
                thrown++;
            }
        }
    }

    [Fact]
    public async Task The_self_test_has_a_check_of_its_own_and_runs_once()
    {
        var logs = new FakeLogCollector();
        using ServiceProvider provider = Provider(services => services
            .AddLogging(logging => logging.AddProvider(new FakeLoggerProvider(logs)))
            .AddTheModel().AddHealthChecks().AddTheModelSelfTest());
        HealthCheckService checks = provider.GetRequiredService<HealthCheckService>();
        await checks.CheckHealthAsync(TestContext.Current.CancellationToken);
        HealthReport report = await checks.CheckHealthAsync(TestContext.Current.CancellationToken);

        HealthReportEntry entry = report.Entries["the model:self-test"];
        Assert.Equal((HealthStatus.Healthy, "passed"), (entry.Status, entry.Data["selfTest"]));
        Assert.InRange(Assert.IsType<double>(entry.Data["selfTestUsed"]), 0, 1);
        Assert.False(report.Entries["the model"].Data.ContainsKey("selfTest"));
        Assert.Single(logs.GetSnapshot(), record => record.Id.Name == "SelfTestPassed");
    }

    [Fact]
    public async Task A_self_test_that_fails_is_unhealthy_with_what_differs()
    {
        using ServiceProvider provider = Provider(services => services.AddTheModel().AddHealthChecks().AddTheModelSelfTest());
        var options = new TheModelOptions();
        using var model = new LoadedModel(provider.GetRequiredService<SessionCache>().Get(options), options);
        SelfTester.RunOnce(model, null, TestContext.Current.CancellationToken, Golden.Changed("000.outputs.0.bin", bytes => bytes[0] += 7));
        HealthReport report = await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);

        HealthReportEntry entry = report.Entries["the model:self-test"];
        Assert.Equal((HealthStatus.Unhealthy, "failed"), (entry.Status, entry.Data["selfTest"]));
        Assert.StartsWith("The self-test failed: ", entry.Description, StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Healthy, report.Entries["the model"].Status);
    }

    [Theory]
    [InlineData(TheModelSelfTest.OnLoad)]
    [InlineData(TheModelSelfTest.OnFirstUse)]
    public async Task A_self_test_that_the_options_ask_for_is_reported(TheModelSelfTest selfTest)
    {
        HealthReportEntry entry = await CheckAsync(services => services.AddTheModel(options => options.SelfTest = selfTest));
        Assert.Equal("passed", entry.Data["selfTest"]);
    }

    [Fact]
    public async Task A_keyed_instance_has_a_self_test_of_its_own()
    {
        HealthReport report = await ReportAsync(services => services.AddKeyedTheModel("eu").AddHealthChecks().AddTheModelSelfTest("eu"));
        Assert.Equal(["the model:eu", "the model:eu:self-test"], report.Entries.Keys.Order());
    }

    private static ServiceProvider Provider(Action<IServiceCollection> configure)
    {
        IServiceCollection services = new ServiceCollection().AddLogging();
        configure(services);
        return services.BuildServiceProvider();
    }

    private static async Task<HealthReport> ReportAsync(Action<IServiceCollection> configure)
    {
        using ServiceProvider provider = Provider(configure);
        return await provider.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<HealthReportEntry> CheckAsync(Action<IServiceCollection> configure)
    {
        return Assert.Single((await ReportAsync(configure)).Entries).Value;
    }
}
