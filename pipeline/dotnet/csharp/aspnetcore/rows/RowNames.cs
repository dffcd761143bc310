#nullable enable

namespace TheNamespace.TheModelEngine;

using System.Globalization;

/// <summary>How sentences call a row of a request.</summary>
internal static class RowNames
{
    /// <returns><c>rows[3]</c>; empty for the only row.</returns>
    internal static string Of(int row, int count)
    {
        return count == 1 ? string.Empty : "rows[" + row.ToString(CultureInfo.InvariantCulture) + "]";
    }
}
