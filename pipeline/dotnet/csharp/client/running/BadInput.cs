#nullable enable

namespace TheNamespace.TheModelEngine;

using System;

/// <summary>
/// Marks what the model's own checks throw, by the key <c>Torch2DotNet.TheModel</c> of <see cref="Exception.Data"/>: a service answers such
/// a one with 400, and the program's other <see cref="ArgumentException"/>s with 500.
/// </summary>
internal static class BadInput
{
    private const string Key = "Torch2DotNet.TheModel";

    /// <summary>The exception, to be thrown: <c>throw BadInput.Mark(new ArgumentException(…));</c>.</summary>
    internal static T Mark<T>(T error)
        where T : ArgumentException
    {
        error.Data[Key] = "input";
        return error;
    }
}
