#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

/// <summary>An instance of the model that a container has: the one without a key, or a keyed one.</summary>
internal sealed class RegisteredModel : IEquatable<RegisteredModel>
{
    /// <param name="key">Null for the one without a key.</param>
    internal RegisteredModel(string? key)
    {
        Key = key;
    }

    internal string? Key { get; }

    internal string OptionsName => Key ?? Options.DefaultName;

    /// <summary>Of its health check, and in its log.</summary>
    internal string Name => Key is null ? Facts.ModelName : Facts.ModelName + ":" + Key;

    public bool Equals(RegisteredModel? other)
    {
        return other != null && string.Equals(Key, other.Key, StringComparison.Ordinal);
    }

    public override bool Equals(object? obj)
    {
        return Equals(obj as RegisteredModel);
    }

    public override int GetHashCode()
    {
        return StringComparer.Ordinal.GetHashCode(Name);
    }

    /// <summary>The model, or what the program has put in its place.</summary>
    internal ITheModel Resolve(IServiceProvider provider)
    {
        return Key is null ? provider.GetRequiredService<ITheModel>() : provider.GetRequiredKeyedService<ITheModel>(Key);
    }

    internal TheModelOptions ReadOptions(IServiceProvider provider)
    {
        return provider.GetRequiredService<IOptionsMonitor<TheModelOptions>>().Get(OptionsName);
    }

    /// <summary>Loads the model, on a session that it shares with the instances whose options allow it.</summary>
    internal TheModel Load(IServiceProvider provider)
    {
        TheModelOptions options = ReadOptions(provider);
        options.Log = CreateLog(provider);
        var watch = Stopwatch.StartNew();
        TheModel model = TheModel.Open(provider.GetRequiredService<SessionCache>().Get(options), options);
        options.Log.Loaded(model.Diagnostics, watch.Elapsed);
        return model;
    }

    /// <summary>The first call, which is slower than those after it.</summary>
    internal void WarmUp(IServiceProvider provider)
    {
        // A scope, because what the program has put in the model's place may be scoped.
        using IServiceScope scope = provider.CreateScope();
        if (Resolve(scope.ServiceProvider) is TheModel model)
        {
            var watch = Stopwatch.StartNew();
            model.Probe();
            ReadOptions(provider).Log.WarmedUp(watch.Elapsed);
        }
    }

    private ModelLog CreateLog(IServiceProvider provider)
    {
        ILoggerFactory loggers = provider.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;
        return new ModelLog(loggers.CreateLogger(Facts.TelemetryName), Name);
    }
}
