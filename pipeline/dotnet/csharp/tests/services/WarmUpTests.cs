namespace TheNamespace.Tests;

using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using NSubstitute;
using Xunit;

public sealed class WarmUpTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Models_have_answered_before_any_service_starts()
    {
        var logs = new FakeLogCollector();
        var atStart = new List<string>();
        using IHost host = Build(logs, services =>
        {
            services.AddSingleton<IHostedService>(new Starting(() =>
            {
                foreach (FakeLogRecord record in logs.GetSnapshot())
                {
                    atStart.Add(record.Id.Name + " " + record.GetStructuredStateValue("Model"));
                }
            }));
            services.AddTheModel().AddKeyedTheModel("eu");
        });

        await host.StartAsync(Cancellation);

        Assert.Equal(["Loaded the model", "WarmedUp the model", "Loaded the model:eu", "WarmedUp the model:eu"], atStart);
    }

    [Fact]
    public async Task Without_warm_up_the_model_is_loaded_when_it_is_resolved()
    {
        var logs = new FakeLogCollector();
        using IHost host = Build(logs, services => services.AddTheModel(options => options.WarmUp = false));
        await host.StartAsync(Cancellation);
        Assert.Equal(0, logs.Count);
        host.Services.GetRequiredService<ITheModel>();
        Assert.Equal("Loaded", logs.LatestRecord.Id.Name);
    }

    [Fact]
    public async Task A_model_that_does_not_load_stops_the_host_with_its_sentence()
    {
        using IHost host = Build(new FakeLogCollector(), services =>
            services.AddTheModel(options => options.ConfigureSession = _ => throw new TheModelLoadException("No file.")));
        var error = await Assert.ThrowsAsync<TheModelLoadException>(() => host.StartAsync(Cancellation));
        Assert.Equal("No file.", error.Message);
    }

    [Fact]
    public async Task Options_are_validated_at_start_without_warm_up_too()
    {
        using IHost host = Build(new FakeLogCollector(), services =>
            services.AddKeyedTheModel("eu", options => (options.MaxQueue, options.WarmUp) = (0, false)));
        await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancellation));
    }

    [Fact]
    public async Task A_fake_in_the_models_place_keeps_the_model_unloaded()
    {
        var logs = new FakeLogCollector();
        using IHost host = Build(logs, services => services.AddTheModel().AddSingleton(Substitute.For<ITheModel>()));
        await host.StartAsync(Cancellation);
        Assert.Equal(0, logs.Count);
    }

    [Fact]
    public async Task A_fake_may_be_scoped()
    {
        using IHost host = Build(new FakeLogCollector(), services => services.AddTheModel().AddScoped(_ => Substitute.For<ITheModel>()));
        await host.StartAsync(Cancellation);
    }

    private static IHost Build(FakeLogCollector logs, Action<IServiceCollection> configure)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(new FakeLoggerProvider(logs)).AddFilter((category, _) => category == "Torch2DotNet.TheModel");
        builder.ConfigureContainer(new DefaultServiceProviderFactory(new ServiceProviderOptions { ValidateScopes = true, ValidateOnBuild = true }));
        configure(builder.Services);
        return builder.Build();
    }

    private sealed class Starting(Action started) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            started();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken)
        {
            return Task.CompletedTask;
        }
    }
}
