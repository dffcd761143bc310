namespace TheNamespace.Tests;

using System;
using System.Threading;
using Xunit;

/// <summary>How long a test waits for what must happen.</summary>
internal static class TestLimits
{
    public static TimeSpan Time { get; } = TimeSpan.FromSeconds(60);

    public static CancellationToken Token => TestContext.Current.CancellationToken;
}
