#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using Microsoft.Extensions.DependencyInjection;

/// <summary>Refuses to map a model that no container has.</summary>
internal static class RegistrationCheck
{
    /// <exception cref="InvalidOperationException">It is not registered.</exception>
    internal static void ThrowIfMissing(IServiceProvider provider, RegisteredModel model)
    {
        // Containers of others need not be able to tell; then the first request does.
        bool isMissing = model.Key is null
            ? provider.GetService<IServiceProviderIsService>()?.IsService(typeof(ITheModel)) == false
            : provider.GetService<IServiceProviderIsKeyedService>()?.IsKeyedService(typeof(ITheModel), model.Key) == false;
        if (isMissing)
        {
            string call = model.Key is null ? "AddTheModel()" : "AddKeyedTheModel(\"" + model.Key + "\")";
            throw new InvalidOperationException(
                "Expected the services to have " + nameof(ITheModel) + (model.Key is null ? string.Empty : " with the key \"" + model.Key + "\"")
                + ", got none: call builder.Services." + call + " before builder.Build().");
        }
    }
}
