#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Mvc;

/// <summary>Types of the properties of bodies, for a program without JSON reflection whose own resolvers do not know them.</summary>
internal sealed class ValueTypes : IJsonTypeInfoResolver
{
    internal static readonly ValueTypes Resolver = new();

    public JsonTypeInfo? GetTypeInfo(Type type, JsonSerializerOptions options)
    {
        if (type == typeof(string))
        {
            return JsonMetadataServices.CreateValueInfo<string>(options, JsonMetadataServices.StringConverter);
        }

        if (type == typeof(ReadOnlyMemory<byte>))
        {
            return JsonMetadataServices.CreateValueInfo<ReadOnlyMemory<byte>>(options, JsonMetadataServices.ReadOnlyMemoryByteConverter);
        }

        if (type == typeof(ImmutableArray<string>))
        {
            return Array<string>(options);
        }

        if (type == typeof(ProblemDetails))
        {
            return Problem(options);
        }

        return Of(type, options, JsonMetadataServices.SingleConverter)
            ?? Of(type, options, JsonMetadataServices.DoubleConverter)
            ?? Of(type, options, JsonMetadataServices.SByteConverter)
            ?? Of(type, options, JsonMetadataServices.Int16Converter)
            ?? Of(type, options, JsonMetadataServices.Int32Converter)
            ?? Of(type, options, JsonMetadataServices.Int64Converter)
            ?? Of(type, options, JsonMetadataServices.ByteConverter)
            ?? Of(type, options, JsonMetadataServices.UInt16Converter)
            ?? Of(type, options, JsonMetadataServices.UInt32Converter)
            ?? Of(type, options, JsonMetadataServices.UInt64Converter)
            ?? Of(type, options, JsonMetadataServices.BooleanConverter);
    }

    internal static JsonTypeInfo<ImmutableArray<T>> Array<T>(JsonSerializerOptions options)
    {
        return JsonMetadataServices.CreateImmutableEnumerableInfo<ImmutableArray<T>, T>(
            options, new JsonCollectionInfoValues<ImmutableArray<T>>(), ImmutableArray.CreateRange);
    }

    /// <summary>The type itself, or where a value may be missing, or an array of either.</summary>
    private static JsonTypeInfo? Of<T>(Type type, JsonSerializerOptions options, JsonConverter<T> converter)
        where T : struct
    {
        if (type == typeof(T))
        {
            return JsonMetadataServices.CreateValueInfo<T>(options, converter);
        }

        if (type == typeof(T?))
        {
            return JsonMetadataServices.CreateValueInfo<T?>(options, JsonMetadataServices.GetNullableConverter<T>(options));
        }

        if (type == typeof(ImmutableArray<T>))
        {
            return Array<T>(options);
        }

        return type == typeof(ImmutableArray<T?>) ? Array<T?>(options) : null;
    }

    private static JsonTypeInfo<ProblemDetails> Problem(JsonSerializerOptions options)
    {
        return BodyTypes.Object<ProblemDetails>(
            options,
            () =>
            [
                BodyTypes.Property<string?>(options, typeof(ProblemDetails), "type"),
                BodyTypes.Property<string?>(options, typeof(ProblemDetails), "title"),
                BodyTypes.Property<int?>(options, typeof(ProblemDetails), "status"),
                BodyTypes.Property<string?>(options, typeof(ProblemDetails), "detail"),
                BodyTypes.Property<string?>(options, typeof(ProblemDetails), "instance"),
            ]);
    }
}
