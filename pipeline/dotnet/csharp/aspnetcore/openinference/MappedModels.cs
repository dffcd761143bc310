#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Routing;

/// <summary>
/// The models that a program has mapped to the protocol. Each model is served by an assembly of its own, which shares no type with those of
/// the others: they meet by a key and types of .NET.
/// </summary>
internal static class MappedModels
{
    private const string Key = "Torch2DotNet.OpenInference";

    /// <summary>Adds a model.</summary>
    /// <returns>How many models the program has mapped before.</returns>
    /// <exception cref="ArgumentException">A model of this name is mapped to these endpoints.</exception>
    [SuppressMessage("Reliability", "CA2002:Do not lock on objects with weak identity", Justification = "An object that several assemblies share is what is needed.")]
    [SuppressMessage("Design", "MA0064:Avoid locking on publicly accessible instance", Justification = "An object that several assemblies share is what is needed.")]
    internal static int Add(IEndpointRouteBuilder endpoints, string name)
    {
        lock (typeof(AppContext))
        {
            if (AppContext.GetData(Key) is not ConditionalWeakTable<IServiceProvider, List<KeyValuePair<object, string>>> programs)
            {
                programs = [];
                AppContext.SetData(Key, programs);
            }

            List<KeyValuePair<object, string>> mapped = programs.GetOrCreateValue(endpoints.ServiceProvider);
            foreach ((object place, string other) in mapped)
            {
                // Routes do not tell upper case from lower.
                if (place == endpoints && string.Equals(other, name, StringComparison.OrdinalIgnoreCase))
                {
                    throw new ArgumentException(
                        "Expected another name for each model of the Open Inference Protocol, got \"" + name
                        + "\" twice: map it once, or give one of them another name by options.ModelName.",
                        nameof(name));
                }
            }

            mapped.Add(new KeyValuePair<object, string>(endpoints, name));
            return mapped.Count - 1;
        }
    }
}
