using System.Reflection;

namespace Torch2DotNet.Benchmarks;

/// <summary>
/// What telemetry costs that nobody listens to: the same buffers are run with the question whether anybody listens and without it. The second is a
/// private method of the client, which a delegate reaches; the first is called by a delegate too, so that the question is all that differs.
/// </summary>
internal static class Telemetry
{
    private const BindingFlags Hidden = BindingFlags.Instance | BindingFlags.NonPublic;

    /// <param name="buffers">Buffers of any model.</param>
    public static IEnumerable<Method> Methods(object buffers)
    {
        object bound = buffers.GetType().GetField("_run", Hidden)!.GetValue(buffers)!;
        yield return Of(bound, "Run", "TelemetryAsked");
        yield return Of(bound, "RunAlone", "TelemetryNotAsked");
    }

    private static Method Of(object bound, string method, string name)
    {
        var run = bound.GetType().GetMethod(method, Hidden, [typeof(CancellationToken)])!.CreateDelegate<Action<CancellationToken>>(bound);
        return new Method(name, 1, calls =>
        {
            for (int i = 0; i < calls; i++)
            {
                run(CancellationToken.None);
            }
        });
    }
}
