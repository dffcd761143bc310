#nullable enable

namespace TheNamespace;

using System;
using TheNamespace.TheModelEngine;

/// <summary>How an endpoint of the model answers; read once, when it is mapped.</summary>
public sealed class TheModelEndpointOptions
{
    private const string Name = nameof(TheModelEndpointOptions) + ".";

    /// <summary>
    /// Key of the instance that <c>AddKeyedTheModel</c> has registered. Default: <see langword="null"/>, the one without a key.
    /// </summary>
    public string? Key { get; set; }

    /// <summary>
    /// Whether a request of one row runs in a micro-batch with the rows of concurrent requests (<see cref="ITheModel"/>'s <c>RunAsync</c>),
    /// instead of for itself. Default: <see langword="null"/>, which is so where runs take from 20 microseconds to 2 milliseconds a row and
    /// requests wait for a thread: quicker runs lose more by waiting than a batch saves, and longer ones compute.
    /// </summary>
    public bool? MicroBatching { get; set; }

    /// <summary>Maximum number of rows in a request; one that has more is answered with 400. Lines of NDJSON are not counted. Default: 1024.</summary>
    public int MaxRows { get; set; } = 1024;

    /// <summary>
    /// Maximum length of a request's body in bytes, or of one line of NDJSON; a longer one is answered with 413. Default:
    /// <see langword="null"/>, which is the server's limit.
    /// </summary>
    public long? MaxBodyBytes { get; set; }

    /// <summary>
    /// Maximum length in bytes of a whole body of NDJSON, which is read in bounded memory. Default: <see langword="null"/>, which is none,
    /// whatever the server's limit is.
    /// </summary>
    public long? MaxStreamBytes { get; set; }

    /// <summary>
    /// Maximum time for which a request may wait for its run. One that would wait longer, by what the rows before it take, is answered at once
    /// with 503 and <c>Retry-After</c>, as one for which <see cref="TheModelOptions.MaxQueue"/> leaves no room. Default: one second.
    /// </summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(1);

    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    internal TheModelEndpointOptions Checked(string parameter)
    {
        string? failure =
            Key is { Length: 0 } ? Name + nameof(Key) + ": expected the key of an instance, or null for the one without a key, got an empty text."
            : MaxRows < 1 ? Name + nameof(MaxRows) + ": expected at least 1, got " + Text(MaxRows) + "."
            : MaxBodyBytes < 1 ? Name + nameof(MaxBodyBytes) + ": expected at least 1, or null for the server's limit, got " + Text(MaxBodyBytes.Value) + "."
            : MaxStreamBytes < 1 ? Name + nameof(MaxStreamBytes) + ": expected at least 1, or null for none, got " + Text(MaxStreamBytes.Value) + "."
            : MaxWait <= TimeSpan.Zero || MaxWait > TimeSpan.FromHours(1)
                ? FormattableString.Invariant($"{Name}{nameof(MaxWait)}: expected a time above zero, at most one hour, got {MaxWait}.")
            : null;
        return failure is null ? this : throw new ArgumentException(failure, parameter);
    }

    private static string Text(long number)
    {
        return number.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
