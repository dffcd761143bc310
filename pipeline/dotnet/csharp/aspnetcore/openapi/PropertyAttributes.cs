#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Reflection;

/// <summary>What would stand as attributes on a property of a class: generators of OpenAPI documents read them.</summary>
internal sealed class PropertyAttributes : ICustomAttributeProvider
{
    private readonly string _description;

    internal PropertyAttributes(string description)
    {
        _description = description;
    }

    internal int? MinimumLength { get; init; }

    internal int? Length { get; init; }

    internal double? Minimum { get; init; }

    internal double? Maximum { get; init; }

    internal bool IsBase64 { get; init; }

    internal static PropertyAttributes Of(TensorDescription tensor, ModelContract contract)
    {
        // A keyword for the range of an array's values would have to stand in its items, which have no attributes: its description has the range.
        bool isNumber = tensor.IsScalar && !tensor.IsClass;
        return new PropertyAttributes(TensorSentences.Of(tensor, contract))
        {
            Length = tensor.IsScalar || tensor.Axes.Length > 0 ? null : tensor.IsBytes ? Base64Length(tensor.FixedLength) : tensor.FixedLength,
            Minimum = isNumber ? tensor.Minimum : null,
            Maximum = isNumber ? tensor.Maximum : null,
            IsBase64 = tensor.IsBytes,
        };
    }

    public object[] GetCustomAttributes(bool inherit)
    {
        return [.. List()];
    }

    public object[] GetCustomAttributes(Type attributeType, bool inherit)
    {
        return [.. List().Where(attributeType.IsInstanceOfType)];
    }

    public bool IsDefined(Type attributeType, bool inherit)
    {
        return List().Any(attributeType.IsInstanceOfType);
    }

    private static int Base64Length(int bytes)
    {
        return (bytes + 2) / 3 * 4;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "They reflect where they validate a value; these only say what they hold.")]
    private IEnumerable<Attribute> List()
    {
        if (_description.Length > 0)
        {
            yield return new DescriptionAttribute(_description);
        }

        if (IsBase64)
        {
            yield return new Base64StringAttribute();
        }

        if (Length is { } length)
        {
            yield return new LengthAttribute(length, length);
        }

        if (MinimumLength is { } least)
        {
            yield return new MinLengthAttribute(least);
        }

        if (Minimum is not null || Maximum is not null)
        {
            // An infinite bound is none in a document.
            yield return new RangeAttribute(Minimum ?? double.NegativeInfinity, Maximum ?? double.PositiveInfinity);
        }
    }
}
