#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

/// <summary>
/// Healthy: the model is loaded and answers a call of a size that was proven. Degraded: it does, but on another execution provider than
/// the first that was asked for. Unhealthy: it does not load or answer, or its self-test, where it is asked for, fails.
/// </summary>
internal sealed class HealthCheck : IHealthCheck
{
    private readonly IServiceProvider _provider;
    private readonly RegisteredModel _registered;
    private readonly bool _runSelfTest;

    /// <param name="provider">Of the model.</param>
    /// <param name="registered">The instance.</param>
    /// <param name="runSelfTest">Whether to run the self-test, once, where the options do not ask for it either.</param>
    internal HealthCheck(IServiceProvider provider, RegisteredModel registered, bool runSelfTest)
    {
        _provider = provider;
        _registered = registered;
        _runSelfTest = runSelfTest;
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            return Task.FromResult(_registered.Resolve(_provider) is TheModel model
                ? Ask(model, context.Registration.FailureStatus, cancellationToken)
                : HealthCheckResult.Healthy("The program has put something else in the model's place."));
        }
        catch (Exception error) when (error is TheModelException or OptionsValidationException or ObjectDisposedException)
        {
            return Task.FromResult(new HealthCheckResult(context.Registration.FailureStatus, error.Message, error, DescribePackage()));
        }
    }

    private static Dictionary<string, object> DescribePackage()
    {
        return new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["model"] = Facts.ModelFile,
            ["sha256"] = Facts.ModelSha256,
            ["version"] = Facts.PackageVersion,
        };
    }

    private HealthCheckResult Ask(TheModel model, HealthStatus failure, CancellationToken cancellationToken)
    {
        model.Probe();
        Dictionary<string, object> facts = DescribePackage();
        facts["provider"] = model.Diagnostics.Provider;
        facts["onnxruntime"] = model.Diagnostics.OnnxRuntimeVersion;
        if (_runSelfTest || _registered.ReadOptions(_provider).SelfTest != TheModelSelfTest.Never)
        {
            TheModelSelfTestResult selfTest = model.SelfTestOnce(cancellationToken);
            facts["selfTest"] = selfTest.Passed ? "passed" : "failed";
            facts["selfTestUsed"] = selfTest.Used.Values.DefaultIfEmpty().Max();
            if (!selfTest.Passed)
            {
                string differences = string.Join(" ", selfTest.Differences);
                return new HealthCheckResult(failure, "The self-test failed: " + differences, null, facts);
            }
        }

        IReadOnlyList<TheModelRejectedProvider> rejected = model.Diagnostics.RejectedProviders;
        return rejected.Count == 0
            ? HealthCheckResult.Healthy("The model answers.", facts)
            : HealthCheckResult.Degraded("The model answers, on " + model.Diagnostics.Provider + "; not on " + string.Join("; ", rejected), null, facts);
    }
}
