#nullable enable

namespace TheNamespace;

using System;
using System.Threading;

// What every model has; the rest of this interface is generated. No member has a span: mocks cannot take one.
public partial interface ITheModel : IDisposable, IAsyncDisposable
{
    /// <inheritdoc cref="TheModel.Diagnostics"/>
    TheModelDiagnostics Diagnostics { get; }

    /// <inheritdoc cref="TheModel.SelfTest(CancellationToken)"/>
    TheModelSelfTestResult SelfTest(CancellationToken cancellationToken = default);
}
