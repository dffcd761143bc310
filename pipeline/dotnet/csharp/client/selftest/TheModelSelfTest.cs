#nullable enable

namespace TheNamespace;

/// <summary>When the golden calls that travel in the package are replayed by themselves.</summary>
public enum TheModelSelfTest
{
    /// <summary>Never; <see cref="TheModel.SelfTest"/> replays them when it is called.</summary>
    Never,

    /// <summary>When the model is loaded: <c>Load</c> throws <see cref="TheModelSelfTestException"/> when an answer differs.</summary>
    OnLoad,

    /// <summary>Before the first run: it and every later one throws <see cref="TheModelSelfTestException"/> when an answer differs.</summary>
    OnFirstUse,
}
