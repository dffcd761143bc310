namespace Torch2DotNet.Service;

/// <summary>The section <c>Callers</c> of the configuration.</summary>
internal sealed class Callers
{
    /// <summary>What is wrong where they are not valid.</summary>
    public const string Expected =
        "Callers: expected a key of 16 characters or more for each caller, and RequestsPerSecond above 0: set Callers__Keys__<name of the caller> in the environment.";

    private const int MinKeyLength = 16;

    /// <summary>Name of each caller, and its key.</summary>
    public Dictionary<string, string> Keys { get; } = [];

    /// <summary>How many requests of one caller are taken in a second.</summary>
    public int RequestsPerSecond { get; set; } = 1000;

    public bool AreValid => RequestsPerSecond > 0 && Keys.Count > 0 && Keys.Values.All(key => key.Length >= MinKeyLength);
}
