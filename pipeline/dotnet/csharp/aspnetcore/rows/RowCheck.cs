#nullable enable

namespace TheNamespace.TheModelEngine;

using System;

/// <summary>What every reader of requests checks: the sizes of rows, and their values. Holds nothing of a request.</summary>
internal sealed class RowCheck
{
    internal RowCheck(ModelContract contract)
    {
        Sizes = new InputSizes(contract);
        Values = Array.ConvertAll(contract.Inputs, ValueCheck.Create);
    }

    /// <summary>By the model's own contract.</summary>
    internal static RowCheck OfTheModel { get; } = new(ModelContract.OfTheModel);

    internal InputSizes Sizes { get; }

    /// <summary>By the place of the input.</summary>
    internal ValueCheck[] Values { get; }
}
