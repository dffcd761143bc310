namespace TheNamespace.Tests;

using System.Linq;
using System.Threading.Tasks;
using Acme;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Xunit;

/// <summary>TheModel, and Twin: the same client under other names, as that of another package.</summary>
public sealed class TwoModelsTests
{
    [Fact]
    public async Task Two_models_in_one_host_have_their_own_instances_options_checks_and_logs()
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("TheModel:MaxQueue", "3"), new("Twin:MaxQueue", "4")]).Build();
        var logs = new FakeLogCollector();
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.AddProvider(new FakeLoggerProvider(logs));
        builder.Services
            .AddTheModel(configuration.GetSection("TheModel")).AddKeyedTheModel("eu")
            .AddTwin(configuration.GetSection("Twin")).AddKeyedTwin("eu");
        using IHost host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal(
            host.Services.GetRequiredService<ITheModel>().Run([1f, 2f, 3f, 4f]).Scores,
            host.Services.GetRequiredKeyedService<ITwin>("eu").Run([1f, 2f, 3f, 4f]).Scores);
        Assert.Equal(3, host.Services.GetRequiredService<IOptions<TheModelOptions>>().Value.MaxQueue);
        Assert.Equal(4, host.Services.GetRequiredService<IOptions<TwinOptions>>().Value.MaxQueue);
        HealthReport report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["the model", "the model:eu", "twin", "twin:eu"], report.Entries.Keys.Order());
        Assert.Equal(HealthStatus.Healthy, report.Status);
        Assert.Equal(
            ["Torch2DotNet.TheModel", "Torch2DotNet.Twin"],
            logs.GetSnapshot().Where(record => record.Id.Name == "WarmedUp").Select(record => record.Category).Distinct().Order());
    }

    [Fact]
    public void What_one_refuses_is_not_the_others()
    {
        using Twin twin = Twin.Load();
        System.ArgumentException error = Assert.Throws<System.ArgumentException>(() => twin.Run([1f]));
        Assert.True(error.Data.Contains("Torch2DotNet.Twin"));
        Assert.False(error.Data.Contains("Torch2DotNet.TheModel"));
    }
}
