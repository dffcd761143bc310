#nullable enable

namespace TheNamespace.TheModelEngine;

/// <summary>Type of the values of an input or output.</summary>
internal enum ElementType
{
    Float32,
    Float64,
    Float16,
    Int8,
    Int16,
    Int32,
    Int64,
    UInt8,
    UInt16,
    UInt32,
    UInt64,
    Bool,
    Text,
}
