#nullable enable

namespace TheNamespace.TheModelEngine;

using System.Text.Json;

/// <summary>The protocol's names of the types of values.</summary>
internal static class Datatypes
{
    internal const string Bytes = "BYTES";

    // By the numbers of ElementType.
    private static readonly string[] Names =
        ["FP32", "FP64", "FP16", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "BOOL", Bytes];

    internal static string Of(ElementType type)
    {
        return Names[(int)type];
    }

    /// <summary>The name that the reader stands at; without an allocation where it is one of the protocol's.</summary>
    internal static string Read(ref Utf8JsonReader json)
    {
        foreach (string name in Names)
        {
            if (json.ValueTextEquals(name))
            {
                return name;
            }
        }

        return json.GetString()!;
    }
}
