#nullable enable

namespace TheNamespace.TheModelEngine;

/// <summary>How sentences call a row of a request.</summary>
internal static class RowNames
{
    /// <param name="row">The row; -1 where the request is one row, not a list.</param>
    /// <returns><c>rows[3]</c>; empty where there is no list.</returns>
    internal static string Of(int row)
    {
        return row < 0 ? string.Empty : "rows[" + Number.Text(row) + "]";
    }

    /// <summary>As <see cref="Of(int)"/>, of a request of so many rows; the only one has no name.</summary>
    internal static string Of(int row, int count)
    {
        return Of(count == 1 ? -1 : row);
    }
}
