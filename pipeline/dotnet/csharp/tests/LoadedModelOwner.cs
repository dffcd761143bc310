namespace TheNamespace.Tests;

using System;
using TheNamespace.TheModelEngine;

/// <summary>The sample's model without its client.</summary>
internal sealed class LoadedModelOwner : IDisposable
{
    public LoadedModel Model { get; } = Load();

    public void Dispose()
    {
        Model.Dispose();
    }

    private static LoadedModel Load()
    {
        var options = new TheModelOptions { IntraOpNumThreads = 1 };
        return new LoadedModel(LoadedSession.FromPackage(options), options);
    }
}
