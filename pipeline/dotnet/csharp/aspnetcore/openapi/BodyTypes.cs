#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using static Bodies;

/// <summary>
/// The properties of bodies, from the contract: what System.Text.Json's source generator would write for classes. Generators of OpenAPI
/// documents read the JSON contracts of the program, so they come to know the bodies by this, without reflection.
/// </summary>
/// <remarks>Types of properties are value types: of others System.Text.Json says that they may be null.</remarks>
internal sealed class BodyTypes : IJsonTypeInfoResolver
{
    /// <summary>By the model's own contract.</summary>
    internal static readonly BodyTypes Resolver = new(ModelContract.OfTheModel);

    private readonly ModelContract _contract;

    internal BodyTypes(ModelContract contract)
    {
        _contract = contract;
    }

    public JsonTypeInfo? GetTypeInfo(Type type, JsonSerializerOptions options)
    {
        if (type == typeof(TheModelRequest))
        {
            return Strict(Object<TheModelRequest>(options, () => Either<TheModelRow>(options, type, Inputs(options, type), "Several rows, instead of one.")));
        }

        if (type == typeof(TheModelRow))
        {
            return Strict(Object<TheModelRow>(options, () => [.. Inputs(options, type)]));
        }

        if (type == typeof(TheModelResponse))
        {
            return Object<TheModelResponse>(options, () => Either<TheModelAnswer>(options, type, Outputs(options, type), "The answers to several rows, in their order."));
        }

        if (type == typeof(TheModelAnswer))
        {
            return Object<TheModelAnswer>(options, () => [.. Outputs(options, type)]);
        }

        if (type == typeof(ImmutableArray<TheModelRow>))
        {
            return ValueTypes.Array<TheModelRow>(options);
        }

        if (type == typeof(ImmutableArray<TheModelAnswer>))
        {
            return ValueTypes.Array<TheModelAnswer>(options);
        }

        return type == typeof(TheModelText) ? LabelType.Describe<TheModelText>(options, []) : Labels(type, options);
    }

    internal static JsonTypeInfo<T> Object<T>(JsonSerializerOptions options, Func<JsonPropertyInfo[]> properties)
        where T : notnull
    {
        return JsonMetadataServices.CreateObjectInfo(options, new JsonObjectInfoValues<T> { PropertyMetadataInitializer = _ => properties() });
    }

    internal static JsonPropertyInfo Property<T>(JsonSerializerOptions options, Type declaringType, string name)
    {
        var values = new JsonPropertyInfoValues<T>
        {
            DeclaringType = declaringType,
            IsProperty = true,
            IsPublic = true,
            PropertyName = name,
            JsonPropertyName = name,
            // A property without both would be no part of the schema; neither is ever called.
            Getter = static _ => default,
            Setter = static (_, _) => { },
        };
        return JsonMetadataServices.CreatePropertyInfo(options, values);
    }

    private static JsonTypeInfo<T> Strict<T>(JsonTypeInfo<T> type)
    {
        type.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        return type;
    }

    private static JsonPropertyInfo Described(JsonPropertyInfo property, PropertyAttributes attributes, bool isRequired)
    {
        property.AttributeProvider = attributes;
        property.IsRequired = isRequired;
        // A number is no string, whatever the program's own bodies may have.
        property.NumberHandling = JsonNumberHandling.Strict;
        return property;
    }

    /// <summary>A list of rows, or the properties of one row, of which none is required then.</summary>
    private JsonPropertyInfo[] Either<TRow>(JsonSerializerOptions options, Type type, IEnumerable<JsonPropertyInfo> row, string description)
    {
        JsonPropertyInfo[] properties = [.. row];
        if (!_contract.IsBatched || Array.Exists(properties, property => string.Equals(property.Name, "rows", StringComparison.Ordinal)))
        {
            return properties;
        }

        foreach (JsonPropertyInfo property in properties)
        {
            property.IsRequired = false;
        }

        var attributes = new PropertyAttributes(description) { MinimumLength = 1 };
        return [.. properties, Described(Property<ImmutableArray<TRow>>(options, type, "rows"), attributes, isRequired: false)];
    }

    private IEnumerable<JsonPropertyInfo> Inputs(JsonSerializerOptions options, Type type)
    {
        if (_contract.TakesText)
        {
            return [Described(Property<TheModelText>(options, type, "text"), new PropertyAttributes("A text, which the model's tokenizer reads."), isRequired: true)];
        }

        IEnumerable<string> sizes = _contract.AxesToTell(_contract.Inputs, axis => axis >= _contract.InputAxes).Select(axis => _contract.Axes[axis]);
        return [.. Tensors(options, type, _contract.Inputs), .. sizes.Select(size => Size(options, type, size, isRequired: false))];
    }

    private IEnumerable<JsonPropertyInfo> Outputs(JsonSerializerOptions options, Type type)
    {
        IEnumerable<string> sizes = _contract.AxesToTell(_contract.Outputs, _ => false).Select(_contract.OutputSizeName);
        return [.. Tensors(options, type, _contract.Outputs), .. sizes.Select(size => Size(options, type, size, isRequired: true))];
    }

    private IEnumerable<JsonPropertyInfo> Tensors(JsonSerializerOptions options, Type type, TensorDescription[] tensors)
    {
        return tensors.Select(tensor => Described(Tensor(options, type, tensor), PropertyAttributes.Of(tensor, _contract), isRequired: true));
    }

    private static JsonPropertyInfo Size(JsonSerializerOptions options, Type type, string name, bool isRequired)
    {
        string description = isRequired ? "Size of the axis." : "Size of the axis, where arrays are not nested.";
        return Described(Property<int>(options, type, name), new PropertyAttributes(description) { Minimum = 1 }, isRequired);
    }

    private JsonTypeInfo? Labels(Type type, JsonSerializerOptions options)
    {
        TensorDescription? tensor = _contract.Inputs.Concat(_contract.Outputs).FirstOrDefault(tensor => tensor.LabelType?.Type == type);
        return tensor?.LabelType?.Describe(options, tensor.Labels);
    }

    private static JsonPropertyInfo Tensor(JsonSerializerOptions options, Type type, TensorDescription tensor)
    {
        if (tensor.IsClass && tensor.LabelType is { } labels && LabelType.CanName(tensor.Labels))
        {
            return labels.CreateProperty(options, type, tensor.Name);
        }

        if (tensor.IsText || tensor.IsClass)
        {
            return tensor.IsScalar ? Property<TheModelText>(options, type, tensor.Name) : Property<ImmutableArray<string>>(options, type, tensor.Name);
        }

        if (tensor.IsBytes)
        {
            return Property<ReadOnlyMemory<byte>>(options, type, tensor.Name);
        }

        return tensor.Type switch
        {
            ElementType.Float64 => Number<double>(options, type, tensor),
            ElementType.Int8 => Number<sbyte>(options, type, tensor),
            ElementType.Int16 => Number<short>(options, type, tensor),
            ElementType.Int32 => Number<int>(options, type, tensor),
            ElementType.Int64 => Number<long>(options, type, tensor),
            ElementType.UInt8 => Number<byte>(options, type, tensor),
            ElementType.UInt16 => Number<ushort>(options, type, tensor),
            ElementType.UInt32 => Number<uint>(options, type, tensor),
            ElementType.UInt64 => Number<ulong>(options, type, tensor),
            ElementType.Bool => Number<bool>(options, type, tensor),
            _ => Number<float>(options, type, tensor),
        };
    }

    private static JsonPropertyInfo Number<T>(JsonSerializerOptions options, Type type, TensorDescription tensor)
        where T : struct
    {
        return (tensor.IsScalar, tensor.AllowsMissing) switch
        {
            (true, false) => Property<T>(options, type, tensor.Name),
            (true, true) => Property<T?>(options, type, tensor.Name),
            (false, false) => Property<ImmutableArray<T>>(options, type, tensor.Name),
            (false, true) => Property<ImmutableArray<T?>>(options, type, tensor.Name),
        };
    }
}
