namespace TheNamespace.Tests;

using System;
using System.Linq;
using System.Threading.Tasks;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Xunit;

public sealed class RegistrationTests
{
    [Fact]
    public void Class_and_interface_are_one_instance()
    {
        using ServiceProvider provider = new ServiceCollection().AddTheModel().BuildServiceProvider();
        Assert.Same(provider.GetRequiredService<TheModel>(), provider.GetRequiredService<ITheModel>());
    }

    [Fact]
    public async Task The_container_disposes_the_model()
    {
        TheModel model;
        await using (ServiceProvider provider = new ServiceCollection().AddTheModel().AddKeyedTheModel("eu").BuildServiceProvider())
        {
            model = provider.GetRequiredService<TheModel>();
        }

        Assert.Throws<ObjectDisposedException>(() => model.Run(new float[4]));
    }

    [Fact]
    public void A_second_call_configures_and_registers_nothing_twice()
    {
        IServiceCollection services = new ServiceCollection().AddTheModel(options => options.MaxQueue = 1).AddKeyedTheModel("eu");
        int registered = services.Count;
        services.AddTheModel(options => options.MaxBatchSize = 2).AddKeyedTheModel("eu");

        using ServiceProvider provider = services.BuildServiceProvider();
        TheModelOptions options = provider.GetRequiredService<IOptions<TheModelOptions>>().Value;
        Assert.Equal((1, 2), (options.MaxQueue, options.MaxBatchSize));
        Assert.Equal(registered + 1, services.Count);
        Assert.Equal(2, provider.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations.Count);
    }

    [Fact]
    public void Options_come_from_a_section_of_the_configuration()
    {
        using ServiceProvider provider = new ServiceCollection().AddTheModel(Section("MaxQueue", "3")).BuildServiceProvider();
        Assert.Equal(3, provider.GetRequiredService<IOptions<TheModelOptions>>().Value.MaxQueue);
    }

    [Fact]
    public void Options_out_of_range_are_refused_when_the_model_is_resolved()
    {
        using ServiceProvider provider = new ServiceCollection().AddTheModel(Section("MaxQueue", "0")).BuildServiceProvider();
        var error = Assert.Throws<OptionsValidationException>(provider.GetRequiredService<ITheModel>);
        Assert.Equal("TheModelOptions.MaxQueue: expected at least 1, got 0.", error.Message);
    }

    [Fact]
    public void Options_of_a_keyed_instance_are_refused_with_its_key()
    {
        using ServiceProvider provider = new ServiceCollection().AddKeyedTheModel("eu", Section("MaxQueue", "0")).BuildServiceProvider();
        var error = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredKeyedService<ITheModel>("eu"));
        Assert.Equal("TheModelOptions \"eu\": MaxQueue: expected at least 1, got 0.", error.Message);
    }

    [Fact]
    public void Keyed_instances_have_their_own_options()
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddKeyedTheModel("eu", options => options.ValidateInputs = true)
            .AddKeyedTheModel("us", Section("MaxBatchSize", "8"))
            .BuildServiceProvider();
        IOptionsMonitor<TheModelOptions> options = provider.GetRequiredService<IOptionsMonitor<TheModelOptions>>();
        Assert.Equal((true, 32), (options.Get("eu").ValidateInputs, options.Get("eu").MaxBatchSize));
        Assert.Equal((false, 8), (options.Get("us").ValidateInputs, options.Get("us").MaxBatchSize));
        Assert.NotSame(provider.GetRequiredKeyedService<ITheModel>("eu"), provider.GetRequiredKeyedService<ITheModel>("us"));
        Assert.Same(provider.GetRequiredKeyedService<ITheModel>("eu"), provider.GetRequiredKeyedService<TheModel>("eu"));
        Assert.Null(provider.GetService<ITheModel>());
    }

    [Fact]
    public void The_section_of_a_keyed_instance_may_stand_in_the_models_section()
    {
        IConfiguration section = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Model:MaxQueue", "3"), new("Model:Us:MaxQueue", "5")]).Build().GetSection("Model");
        using ServiceProvider provider = new ServiceCollection()
            .AddTheModel(section)
            .AddKeyedTheModel("us", section.GetSection("Us"))
            .BuildServiceProvider();
        IOptionsMonitor<TheModelOptions> options = provider.GetRequiredService<IOptionsMonitor<TheModelOptions>>();
        Assert.Equal((3, 5), (options.CurrentValue.MaxQueue, options.Get("us").MaxQueue));
    }

    [Fact]
    public void A_section_in_the_models_section_that_is_no_instances_is_refused()
    {
        IConfiguration section = new ConfigurationBuilder().AddInMemoryCollection([new("Model:Us:MaxQueue", "5")]).Build().GetSection("Model");
        using ServiceProvider provider = new ServiceCollection().AddTheModel(section).AddKeyedTheModel("eu").BuildServiceProvider();
        var error = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IOptions<TheModelOptions>>().Value);
        Assert.StartsWith("Model:Us: expected the name of an option, got \"Us\"", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, true)]
    [InlineData(2, false)]
    public void Keyed_instances_share_a_loaded_model_where_their_options_allow_it(int threads, bool shared)
    {
        using ServiceProvider provider = new ServiceCollection()
            .AddKeyedTheModel("eu", options => options.IntraOpNumThreads = 3)
            .AddKeyedTheModel("us", options => (options.IntraOpNumThreads, options.MaxBatchSize) = (threads, 8))
            .BuildServiceProvider();
        TheModel european = provider.GetRequiredKeyedService<TheModel>("eu");
        TheModel american = provider.GetRequiredKeyedService<TheModel>("us");
        Assert.Equal(shared, ReferenceEquals(european.Diagnostics, american.Diagnostics));
    }

    [Fact]
    public void An_instance_that_shares_a_loaded_model_survives_the_others()
    {
        using ServiceProvider provider = new ServiceCollection().AddKeyedTheModel("eu").AddKeyedTheModel("us").BuildServiceProvider();
        TheModel american = provider.GetRequiredKeyedService<TheModel>("us");
        provider.GetRequiredKeyedService<TheModel>("eu").Dispose();
        Assert.Equal(3, american.Run(new float[4]).Scores.Length);
    }

    [Fact]
    public void A_key_is_needed()
    {
        var services = new ServiceCollection();
        Assert.Throws<ArgumentNullException>("key", () => services.AddKeyedTheModel(null!));
        Assert.Throws<ArgumentException>("key", () => services.AddKeyedTheModel(string.Empty));
    }

    [Fact]
    public void Null_is_refused()
    {
        Assert.Throws<ArgumentNullException>("services", () => ((IServiceCollection)null!).AddTheModel());
        Assert.Throws<ArgumentNullException>("section", () => new ServiceCollection().AddTheModel((IConfiguration)null!));
        Assert.Throws<ArgumentNullException>("builder", () => ((IHealthChecksBuilder)null!).AddTheModelSelfTest());
    }

    private static IConfiguration Section(string name, string value)
    {
        return new ConfigurationBuilder().AddInMemoryCollection([new("Model:" + name, value)]).Build().GetSection("Model");
    }
}
