#nullable enable

namespace Microsoft.Extensions.DependencyInjection;

using System;
using System.Linq;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using TheNamespace;
using TheNamespace.TheModelEngine;

/// <summary>Registers the model in a dependency injection container.</summary>
/// <remarks>
/// Each method registers <see cref="TheModel"/> and <see cref="ITheModel"/> as one singleton, which the container disposes. Options are
/// checked, and the model is loaded and run once, when the host starts (see <see cref="TheModelOptions.WarmUp"/>). A health check of the
/// model's name, tagged <c>ready</c>, runs it. A second call for the same instance configures it further.
/// <para>Where the container has loggers, the model logs in the category <c>Torch2DotNet.TheModel</c>:</para>
/// <list type="table">
/// <listheader><term>Event</term><description>Level: when</description></listheader>
/// <item><term>1 Loaded</term><description>Information: with version, execution provider, version of onnxruntime, threads, milliseconds.</description></item>
/// <item><term>2 ProviderFallback</term><description>Warning: it runs on another provider than the first that was asked for, and why.</description></item>
/// <item><term>3 WarmedUp</term><description>Information: the first call before the program takes requests, with milliseconds.</description></item>
/// <item><term>4 SelfTestPassed</term><description>Information: with the calls, and the share of what is allowed that they use.</description></item>
/// <item><term>5 SelfTestFailed</term><description>Error: with what differs.</description></item>
/// <item><term>6 QueueFull</term><description>Warning: <c>RunAsync</c> has rejected rows; said at most once in ten seconds, with their number.</description></item>
/// <item><term>7 Disposed</term><description>Information: its memory is freed.</description></item>
/// <item><term>8 RequestFailed</term><description>Error: a request to an endpoint of the model was answered with 500, and why.</description></item>
/// </list>
/// <para>
/// The health check is healthy where the model answers a call of a size that was proven; degraded where it does so on another execution
/// provider than the first that was asked for; unhealthy where it does not load or answer, or where its self-test fails. Its data are
/// <c>model</c>, <c>sha256</c>, <c>version</c>, <c>provider</c>, <c>onnxruntime</c>, and where <see cref="TheModelOptions.SelfTest"/> asks
/// for a self-test <c>selfTest</c> and <c>selfTestUsed</c> (1 is the limit).
/// </para>
/// </remarks>
public static partial class TheModelServiceCollectionExtensions
{
    /// <summary>Registers the model.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="configure">Configures the model's options; <see langword="null"/> for the defaults.</param>
    /// <returns><paramref name="services"/>, so that calls can be chained.</returns>
    public static IServiceCollection AddTheModel(this IServiceCollection services, Action<TheModelOptions>? configure = null)
    {
        return Add(services, new RegisteredModel(null), configure);
    }

    /// <summary>Registers the model with options from a section of the configuration, by their names.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="section">The section, which has nothing but options and sections of keyed instances; without any, the defaults are taken.</param>
    /// <returns><paramref name="services"/>, so that calls can be chained.</returns>
    public static IServiceCollection AddTheModel(this IServiceCollection services, IConfiguration section)
    {
        return Add(services, new RegisteredModel(null), section);
    }

    /// <summary>Registers an instance of the model under a key. Instances share one loaded model where their options allow it.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="key">The key, which is the name of its options too.</param>
    /// <param name="configure">Configures the instance's options; <see langword="null"/> for the defaults.</param>
    /// <returns><paramref name="services"/>, so that calls can be chained.</returns>
    public static IServiceCollection AddKeyedTheModel(this IServiceCollection services, string key, Action<TheModelOptions>? configure = null)
    {
        return Add(services, Keyed(key), configure);
    }

    /// <summary>Registers an instance of the model under a key, with options from a section of the configuration, by their names.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="key">The key, which is the name of its options too.</param>
    /// <param name="section">The section, which has nothing but options and sections of keyed instances; without any, the defaults are taken.</param>
    /// <returns><paramref name="services"/>, so that calls can be chained.</returns>
    public static IServiceCollection AddKeyedTheModel(this IServiceCollection services, string key, IConfiguration section)
    {
        return Add(services, Keyed(key), section);
    }

    /// <summary>
    /// Adds a health check that replays the package's golden calls, once in the life of the program, and is unhealthy when an answer
    /// differs: <c>services.AddHealthChecks().AddTheModelSelfTest()</c>. Its name is that of the model's check and <c>:self-test</c>.
    /// </summary>
    /// <param name="builder">The health checks to add to.</param>
    /// <param name="key">The key of the instance; <see langword="null"/> for the one without a key.</param>
    /// <returns><paramref name="builder"/>, so that calls can be chained.</returns>
    public static IHealthChecksBuilder AddTheModelSelfTest(this IHealthChecksBuilder builder, string? key = null)
    {
        if (builder is null)
        {
            throw new ArgumentNullException(nameof(builder), "Expected the health checks to add to, got null.");
        }

        RegisteredModel model = key is null ? new RegisteredModel(null) : Keyed(key);
        return builder.Add(new HealthCheckRegistration(
            model.Name + ":self-test", provider => new HealthCheck(provider, model, runSelfTest: true), null, ["ready"]));
    }

    /// <summary>What the generated half registers beside the model.</summary>
    /// <param name="services">The services to add to.</param>
    /// <param name="key">The key of the instance; <see langword="null"/> for the one without a key.</param>
    static partial void AddMore(IServiceCollection services, string? key);

    private static RegisteredModel Keyed(string key)
    {
        if (string.IsNullOrEmpty(key))
        {
            throw key is null
                ? new ArgumentNullException(nameof(key), "Expected the key of an instance, got null: give it one, or call AddTheModel.")
                : new ArgumentException("Expected the key of an instance, got an empty text: give it one, or call AddTheModel.", nameof(key));
        }

        return new RegisteredModel(key);
    }

    private static IServiceCollection Add(IServiceCollection services, RegisteredModel model, IConfiguration section)
    {
        if (section is null)
        {
            throw new ArgumentNullException(nameof(section), "Expected a section of the configuration, got null.");
        }

        return Add(services, model, options => OptionsReader.Bind(section, model.OptionsName, options, Keys(services)));
    }

    private static IServiceCollection Add(IServiceCollection services, RegisteredModel model, Action<TheModelOptions>? configure)
    {
        if (services is null)
        {
            throw new ArgumentNullException(nameof(services), "Expected the services to add to, got null.");
        }

        if (configure != null)
        {
            services.Configure(model.OptionsName, configure);
        }

        if (services.Any(service => !service.IsKeyedService && model.Equals(service.ImplementationInstance)))
        {
            return services;
        }

        services.AddSingleton(model);
        AddInstance(services, model);
        services.AddOptions<TheModelOptions>(model.OptionsName).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TheModelOptions>, OptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, WarmUpService>());
        services.TryAddSingleton(_ => new SessionCache());
        services.TryAddSingleton(_ => new StartChecks());
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            model.Name, provider => new HealthCheck(provider, model, runSelfTest: false), null, ["ready"]));
        AddMore(services, model.Key);
        return services;
    }

    private static string[] Keys(IServiceCollection services)
    {
        return services.Where(service => !service.IsKeyedService).Select(service => service.ImplementationInstance)
            .OfType<RegisteredModel>().Select(model => model.Key).OfType<string>().ToArray();
    }

    private static void AddInstance(IServiceCollection services, RegisteredModel model)
    {
        if (model.Key is null)
        {
            services.TryAddSingleton(model.Load);
            services.TryAddSingleton<ITheModel>(provider => provider.GetRequiredService<TheModel>());
            return;
        }

        services.TryAddKeyedSingleton(model.Key, (provider, _) => model.Load(provider));
        services.TryAddKeyedSingleton<ITheModel>(model.Key, (provider, key) => provider.GetRequiredKeyedService<TheModel>(key));
    }
}
