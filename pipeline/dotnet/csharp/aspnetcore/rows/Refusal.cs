#nullable enable

namespace TheNamespace.TheModelEngine;

using System;

/// <summary>
/// Refuses a request for what stands in it. The exception says where in its <see cref="Exception.Data"/> too, for programs: a name by
/// <see cref="FieldKey"/>, an <see cref="int"/> by <see cref="RowKey"/> and <see cref="IndexKey"/>; each only where there is one.
/// </summary>
internal static class Refusal
{
    internal const string FieldKey = "field";

    internal const string RowKey = "row";

    internal const string IndexKey = "index";

    /// <summary>The exception, to be thrown.</summary>
    /// <param name="sentence">What was expected and what was found, without the row.</param>
    /// <param name="row">The row in the request's list; -1 where there is no list.</param>
    /// <param name="field">Name of the input or of another member of the row; null where it is none of them.</param>
    /// <param name="index">Of the value in the input, row-major; -1 where it is none.</param>
    internal static ArgumentException Of(string sentence, int row, string? field = null, int index = -1)
    {
        ArgumentException error = Check.Refused(sentence, RowNames.Of(row));
        if (row >= 0)
        {
            error.Data[RowKey] = row;
        }

        if (field is not null)
        {
            error.Data[FieldKey] = field;
        }

        if (index >= 0)
        {
            error.Data[IndexKey] = index;
        }

        return error;
    }

    /// <summary>As <see cref="Of"/>, of a value at an index; of the value itself where it is in no array.</summary>
    internal static ArgumentException OfValue(string expected, string got, int row, TensorDescription input, int index)
    {
        int place = input.IsScalar && index == 0 ? -1 : index;
        return Of(expected + got + (place < 0 ? string.Empty : " at index " + Number.Text(place)) + ".", row, input.Name, place);
    }
}
