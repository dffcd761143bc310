#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

/// <summary>The enumeration of a tensor's labels, for documents: only of an enumeration do they list what a string may be.</summary>
internal sealed class LabelType
{
    private readonly Func<JsonSerializerOptions, string[], JsonTypeInfo> _describe;
    private readonly Func<JsonSerializerOptions, Type, string, JsonPropertyInfo> _createProperty;

    private LabelType(
        Type type, Func<JsonSerializerOptions, string[], JsonTypeInfo> describe, Func<JsonSerializerOptions, Type, string, JsonPropertyInfo> createProperty)
    {
        Type = type;
        _describe = describe;
        _createProperty = createProperty;
    }

    internal Type Type { get; }

    /// <summary>By a generated enumeration, whose members are Class0, Class1 and so on.</summary>
    internal static LabelType Of<TLabel>()
        where TLabel : struct, Enum
    {
        return new LabelType(typeof(TLabel), Describe<TLabel>, BodyTypes.Property<TLabel>);
    }

    /// <summary>Whether System.Text.Json takes the labels as an enumeration's names.</summary>
    internal static bool CanName(string[] labels)
    {
        return labels.All(label => label.Length > 0 && label.Trim().Length == label.Length && !label.Contains(',', StringComparison.Ordinal))
            && labels.Distinct(StringComparer.OrdinalIgnoreCase).Count() == labels.Length;
    }

    internal static JsonTypeInfo Describe<TLabel>(JsonSerializerOptions options, string[] labels)
        where TLabel : struct, Enum
    {
        var converter = new JsonStringEnumConverter<TLabel>(new Names(labels), allowIntegerValues: false);

        // Null in the signature of System.Text.Json 10, which a client of embeddings is compiled against; never for an enumeration.
        return JsonMetadataServices.CreateValueInfo<TLabel>(options, converter.CreateConverter(typeof(TLabel), options)!);
    }

    internal JsonTypeInfo Describe(JsonSerializerOptions options, string[] labels)
    {
        return _describe(options, labels);
    }

    internal JsonPropertyInfo CreateProperty(JsonSerializerOptions options, Type declaringType, string name)
    {
        return _createProperty(options, declaringType, name);
    }

    private sealed class Names : JsonNamingPolicy
    {
        private const string Prefix = "Class";

        private readonly string[] _labels;

        internal Names(string[] labels)
        {
            _labels = labels;
        }

        public override string ConvertName(string name)
        {
            return name.StartsWith(Prefix, StringComparison.Ordinal)
                ? _labels[int.Parse(name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture)]
                : name;
        }
    }
}
