#nullable enable

namespace TheNamespace.TheModelEngine;

using System.Collections.Generic;

/// <summary>One run of a model that takes text: texts of equally many tokens.</summary>
internal sealed class GoldenTextCall
{
    internal GoldenTextCall(string name, IReadOnlyList<GoldenText> texts)
    {
        Name = name;
        Texts = texts;
    }

    internal string Name { get; }

    internal IReadOnlyList<GoldenText> Texts { get; }
}
