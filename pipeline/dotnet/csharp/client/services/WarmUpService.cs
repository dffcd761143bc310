#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Hosting;

/// <summary>
/// Loads the registered models and runs each once before any hosted service starts, the web server included: a model that does not load
/// stops the host with its sentence, and the first request is as quick as the next.
/// </summary>
internal sealed class WarmUpService : IHostedLifecycleService
{
    private readonly IServiceProvider _provider;
    private readonly IEnumerable<RegisteredModel> _models;
    private readonly StartChecks _checks;

    public WarmUpService(IServiceProvider provider, IEnumerable<RegisteredModel> models, StartChecks checks)
    {
        _provider = provider;
        _models = models;
        _checks = checks;
    }

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        return Task.Run(
            () =>
            {
                foreach (RegisteredModel model in _models)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    if (model.ReadOptions(_provider).WarmUp)
                    {
                        model.WarmUp(_provider);
                    }
                }
            },
            cancellationToken);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _checks.Run();
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        return Task.CompletedTask;
    }

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        return Task.CompletedTask;
    }
}
