#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections;
using System.Collections.Generic;
using Microsoft.AspNetCore.Http.Metadata;

/// <summary>What the endpoint accepts, for documents.</summary>
internal sealed class AcceptedBody : IAcceptsMetadata, IReadOnlyList<string>
{
    internal static readonly string[] Types = ["application/json", "application/x-ndjson"];

    public IReadOnlyList<string> ContentTypes => this;

    public Type? RequestType => typeof(Bodies.TheModelRequest);

    public bool IsOptional => false;

    /// <summary>
    /// None: routing counts them, and would answer other types itself, with an empty body and no sentence, and parse the header of each request.
    /// Documents enumerate them; one that counts takes application/json where there are none.
    /// </summary>
    public int Count => 0;

    public string this[int index] => Types[index];

    public IEnumerator<string> GetEnumerator()
    {
        return ((IEnumerable<string>)Types).GetEnumerator();
    }

    IEnumerator IEnumerable.GetEnumerator()
    {
        return GetEnumerator();
    }
}
