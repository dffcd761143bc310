#nullable enable

namespace TheNamespace.TheModelEngine;

using System.Text.Json;

/// <summary>Reads truth values.</summary>
internal sealed class BoolReader : ValueReader
{
    internal BoolReader(ModelContract contract, InputSizes sizes, int place)
        : base(contract, sizes, place)
    {
    }

    private protected override void ReadValue(ref BodyReader body, Column column, int start, int row)
    {
        if (body.Token is not (JsonTokenType.True or JsonTokenType.False))
        {
            throw Refused(body, column, start, row);
        }

        ((Column<bool>)column).Add(body.Token == JsonTokenType.True);
    }
}
