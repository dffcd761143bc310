using System.Globalization;
using System.Text.Json;
using Torch2DotNet.Benchmarks;

// What the scripts beside it start: the name of a measurement, and its arguments. One line of JSON comes back.
object measured = args[0] switch
{
    "linear" => Calls(new LinearCalls(), calls => calls.Methods()),
    "digits" => Calls(new DigitsCalls(), calls => calls.Methods()),
    "settings" => Settings.Measure(args[1], Number(2), args[3..]),
    "arena" => Settings.MeasureArena(bool.Parse(args[1]), Number(2)),
    "pools" => Pools.Measure(args[1], Number(2), Number(3), bool.Parse(args[4]), Number(5), double.Parse(args[6], CultureInfo.InvariantCulture)),
    "growth" => Growth.Measure(Number(1)),
    _ => throw new ArgumentException("Expected the name of a measurement, got " + args[0]),
};
Console.WriteLine(JsonSerializer.Serialize(measured));

object Calls<T>(T calls, Func<T, List<Method>> methods)
    where T : IDisposable
{
    using (calls)
    {
        return Turns.Measure(methods(calls), Number(1), TimeSpan.FromMilliseconds(0.3));
    }
}

int Number(int index) => int.Parse(args[index], CultureInfo.InvariantCulture);
