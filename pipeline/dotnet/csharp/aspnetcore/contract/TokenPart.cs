#nullable enable

namespace TheNamespace.TheModelEngine;

/// <summary>What of a text's tokens an input holds.</summary>
internal enum TokenPart
{
    /// <summary>Their numbers in the vocabulary.</summary>
    Numbers,

    /// <summary>1 for each.</summary>
    Mask,

    /// <summary>0 for each.</summary>
    Types,
}
