#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

/// <summary>Reads options from a section of the configuration by their names: without reflection, the same in every culture.</summary>
internal sealed class OptionsReader
{
    private readonly IConfiguration _section;
    private readonly List<string> _names = [];
    private readonly List<string> _failures = [];

    internal OptionsReader(IConfiguration section)
    {
        _section = section;
    }

    private delegate bool Parse<T>(string text, out T value);

    /// <summary>Sets the options that the section has; others keep their values.</summary>
    /// <param name="section">The section.</param>
    /// <param name="name">Name of the options: the key of a keyed instance.</param>
    /// <param name="options">The options.</param>
    /// <param name="instances">Keys of the keyed instances: each may have its own section in this one.</param>
    /// <exception cref="OptionsValidationException">A key is no option, or a value is not of its type; one sentence for each.</exception>
    internal static void Bind(IConfiguration section, string name, TheModelOptions options, IReadOnlyCollection<string> instances)
    {
        var reader = new OptionsReader(section);
        options.Bind(reader);
        reader.RefuseUnknownKeys(instances);
        if (reader._failures.Count > 0)
        {
            throw new OptionsValidationException(name, typeof(TheModelOptions), reader._failures);
        }
    }

    internal int Integer(string name, int current)
    {
        return Read(name, current, "a whole number", static (string text, out int value) =>
            int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out value));
    }

    internal bool Flag(string name, bool current)
    {
        return Read(name, current, "true or false", static (string text, out bool value) => bool.TryParse(text, out value));
    }

    internal string Text(string name, string current)
    {
        return Read(name, current, "a text", static (string text, out string value) =>
        {
            value = text;
            return true;
        });
    }

    internal string? OptionalText(string name, string? current)
    {
        return Read(name, current, "a text", static (string text, out string? value) =>
        {
            value = text;
            return true;
        });
    }

    internal TimeSpan Duration(string name, TimeSpan current)
    {
        // A number alone would be days.
        return Read(name, current, "a time such as 00:00:00.005", static (string text, out TimeSpan value) =>
            TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value) && text.Contains(':'));
    }

    internal T Choice<T>(string name, T current, params T[] choices)
        where T : struct, Enum
    {
        return Read(name, current, "one of " + string.Join(", ", choices), (string text, out T value) =>
        {
            foreach (T choice in choices)
            {
                if (string.Equals(choice.ToString(), text, StringComparison.OrdinalIgnoreCase))
                {
                    value = choice;
                    return true;
                }
            }

            value = default;
            return false;
        });
    }

    private T Read<T>(string name, T current, string expected, Parse<T> parse)
    {
        IConfigurationSection entry = _section.GetSection(name);
        _names.Add(name);
        if (entry.GetChildren().Any())
        {
            _failures.Add(entry.Path + ": expected " + expected + ", got a list or a section: write one value.");
            return current;
        }

        if (entry.Value is null)
        {
            return current;
        }

        if (parse(entry.Value.Trim(), out T value))
        {
            return value;
        }

        _failures.Add(entry.Path + ": expected " + expected + ", got \"" + entry.Value + "\".");
        return current;
    }

    private void RefuseUnknownKeys(IReadOnlyCollection<string> instances)
    {
        // A section of JSON may have an empty value beside its keys.
        if (_section is IConfigurationSection { Value.Length: > 0 } section)
        {
            _failures.Add(section.Path + ": expected a section with options of " + nameof(TheModelOptions) + ", got the value \"" + section.Value + "\".");
        }

        IConfigurationSection[] unknown = _section.GetChildren()
            .Where(entry => !_names.Contains(entry.Key, StringComparer.OrdinalIgnoreCase))
            .Where(entry => entry.Value is { Length: > 0 } || !instances.Contains(entry.Key, StringComparer.OrdinalIgnoreCase))
            .ToArray();
        if (_section is IConfigurationRoot && unknown.Length > 0)
        {
            _failures.Add(
                "Expected a section that has options of " + nameof(TheModelOptions) + " alone, got a whole configuration, with " + unknown[0].Key
                + ": give AddTheModel a section, such as configuration.GetSection(\"TheModel\").");
            return;
        }

        foreach (IConfigurationSection entry in unknown)
        {
            string? near = NearestName.Of(entry.Key, _names);
            _failures.Add(
                entry.Path + ": expected the name of an option, got \"" + entry.Key + "\": "
                + (near is null ? "take one of " + string.Join(", ", _names) + "." : "did you mean " + near + "?"));
        }
    }
}
