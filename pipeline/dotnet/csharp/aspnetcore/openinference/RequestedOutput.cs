#nullable enable

namespace TheNamespace.TheModelEngine;

/// <summary>An output that a request asks for.</summary>
/// <param name="Place">In the contract.</param>
/// <param name="IsBinary">Whether it is asked for, or not, as bytes behind the JSON; null where the request says it for all outputs.</param>
internal readonly record struct RequestedOutput(int Place, bool? IsBinary);
