// The golden calls of the package, replayed in the program of a consumer.
using Acme.Models;

using Tiny model = Tiny.Load();
TinySelfTestResult result = model.SelfTest();
Console.WriteLine($"{(result.Passed ? "passed" : "failed")} {result.Calls} {result.Diagnostics.Provider} {model.Run([1f, 2f, 3f, 4f]).Label}");
