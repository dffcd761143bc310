#nullable enable

namespace TheNamespace.TheModelEngine;

/// <summary>What the body of a request is, by its headers.</summary>
internal enum BodyKind
{
    Json,
    Lines,
    Other,
}
