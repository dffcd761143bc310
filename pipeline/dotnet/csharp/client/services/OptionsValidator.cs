#nullable enable

namespace TheNamespace.TheModelEngine;

using System.Collections.Generic;
using System.Linq;
using Microsoft.Extensions.Options;

/// <summary>Refuses options out of their ranges when the host starts, or when the model is first resolved where there is none.</summary>
internal sealed class OptionsValidator : IValidateOptions<TheModelOptions>
{
    public ValidateOptionsResult Validate(string? name, TheModelOptions options)
    {
        IReadOnlyList<string> failures = options.Failures();
        string prefix = nameof(TheModelOptions) + (string.IsNullOrEmpty(name) ? "." : " \"" + name + "\": ");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures.Select(failure => prefix + failure));
    }
}
