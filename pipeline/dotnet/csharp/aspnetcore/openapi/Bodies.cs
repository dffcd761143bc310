#nullable enable

namespace TheNamespace.TheModelEngine;

using System;

/// <summary>
/// What bodies are called in a document of the program's endpoints, which takes the last part of a type's name. Requests and answers are no
/// objects here, and no instance is ever made: <see cref="BodyTypes"/> says which properties the types have.
/// </summary>
internal static class Bodies
{
    /// <summary>A text. An enumeration of flags is a string without a list in JSON's schemas, and unlike a string it cannot be null.</summary>
    [Flags]
    internal enum TheModelText
    {
        None,
    }

    /// <summary>A row, or a list of rows.</summary>
    internal sealed class TheModelRequest;

    internal sealed class TheModelRow;

    /// <summary>The outputs for a row, or a list of them.</summary>
    internal sealed class TheModelResponse;

    internal sealed class TheModelAnswer;
}
