#nullable enable

namespace TheNamespace;

using System;
using System.Collections.Generic;
using System.Globalization;
using TheNamespace.TheModelEngine;

/// <summary>Options of a model; they are read once, when the model is loaded.</summary>
public sealed partial class TheModelOptions
{
    /// <summary>
    /// Number of threads that one run uses. 1 gives the highest throughput when many runs are in progress; more give a large run a
    /// lower latency. Default: the number of processors available to the process, at most 8 (onnxruntime's own default ignores the
    /// CPU limit of a container).
    /// </summary>
    public int IntraOpNumThreads { get; set; } = Math.Min(Environment.ProcessorCount, 8);

    /// <summary>
    /// Path of the model's file. Default: <see langword="null"/>, which looks for it beside the program, beside the client's assembly, and in
    /// the package's folder above the assembly. A path that is passed to <c>TheModel.Load</c> goes before it.
    /// </summary>
    public string? ModelPath { get; set; }

    /// <summary>
    /// Whether runs use the global thread pool of the program instead of threads of their own, so that many models do not have more
    /// threads than there are processors; <see cref="IntraOpNumThreads"/> is ignored then. The program must make the pool first, with
    /// <c>OrtEnv.CreateInstanceWithOptions</c> and <c>threadOptions</c>: loading a model makes onnxruntime's environment if there is none,
    /// and afterwards it is too late. Default: <see langword="false"/>.
    /// </summary>
    public bool UseGlobalThreadPool { get; set; }

    /// <summary>
    /// Execution providers in the order in which they are tried, such as <c>CUDA, CPU</c>: the first that this machine has is taken.
    /// Without <c>CPU</c> at the end the model does not load where none of them is there. <see cref="TheModel.Diagnostics"/> says which was
    /// taken, and why not the ones before. CPU, CUDA, TensorRT, DirectML, CoreML, OpenVINO, ROCm, MIGraphX, QNN, XNNPACK and WebGPU, in any
    /// case; the native library must be built with them. Default: <c>CPU</c>.
    /// </summary>
    public string Provider { get; set; } = "CPU";

    /// <summary>
    /// Configures onnxruntime's session options before the model is loaded, for what has no option here; called once for each execution
    /// provider that is tried, after the provider was added.
    /// </summary>
    public Action<Microsoft.ML.OnnxRuntime.SessionOptions>? ConfigureSession { get; set; }

    /// <summary>
    /// Whether to reject rows with NaN or with values outside the ranges of the model's contract, with
    /// <see cref="ArgumentException"/>. Default: <see langword="false"/>.
    /// </summary>
    public bool ValidateInputs { get; set; }

    /// <summary>When the golden calls of the package are replayed on this machine. Default: <see cref="TheModelSelfTest.Never"/>.</summary>
    public TheModelSelfTest SelfTest { get; set; }

    /// <summary>Maximum number of concurrent runs of <c>RunAsync</c>. Default: <see cref="Environment.ProcessorCount"/>.</summary>
    public int MaxConcurrency { get; set; } = Environment.ProcessorCount;

    /// <summary>
    /// Maximum number of rows in one run; more rows are split into several runs. A model without a batch axis takes one. Default: 32.
    /// </summary>
    public int MaxBatchSize { get; set; } = 32;

    /// <summary>
    /// Maximum time that <c>RunAsync</c> delays a row so that rows of other callers can join its micro-batch. Default: zero, which
    /// never delays a row while fewer than <see cref="MaxConcurrency"/> runs are in progress.
    /// </summary>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.Zero;

    /// <summary>
    /// Maximum number of rows in the queue of <c>RunAsync</c>. A full queue applies back-pressure: the next caller waits asynchronously
    /// for room, or is rejected if <see cref="RejectWhenFull"/> is set. Default: 1024.
    /// </summary>
    public int MaxQueue { get; set; } = 1024;

    /// <summary>
    /// Whether <c>RunAsync</c> fails immediately with <see cref="TheModelQueueFullException"/> when the queue is full, so that a service can
    /// answer 503 instead of falling behind. Rows of a stream (<c>IAsyncEnumerable</c>) wait in any case. Default: <see langword="false"/>.
    /// </summary>
    public bool RejectWhenFull { get; set; }

    /// <summary>
    /// Whether <c>RunAsync</c> may run a row on the calling thread while fewer than <see cref="MaxConcurrency"/> runs are in progress:
    /// it saves the way over the thread pool, and blocks the caller for the time of a run. Default: <see langword="false"/>.
    /// </summary>
    public bool RunOnCallingThread { get; set; }

    /// <summary>
    /// Whether a host loads the model that <c>AddTheModel</c> has registered, and runs it once, before the program takes requests; a model
    /// that does not load then stops the host. Without it, and in programs without a host, the model is loaded when it is first resolved.
    /// Default: <see langword="true"/>.
    /// </summary>
    public bool WarmUp { get; set; } = true;

    /// <summary>Where the model logs; a container gives it its own.</summary>
    internal ModelLog Log { get; set; } = ModelLog.None;

    /// <summary>What is wrong with these options, a sentence each, beginning with the option's name; empty when nothing is.</summary>
    internal IReadOnlyList<string> Failures()
    {
        var failures = new List<string>();
        ProviderOrder.Parse(Provider, out string provider);
        if (provider.Length > 0)
        {
            failures.Add(nameof(Provider) + ": " + provider);
        }

        if (ModelPath is not null && ModelPath.Trim().Length == 0)
        {
            failures.Add(nameof(ModelPath) + ": expected the path of " + Facts.ModelFile + ", or null to look for it, got an empty one.");
        }

        AtLeast(0, IntraOpNumThreads, nameof(IntraOpNumThreads), failures);
        AtLeast(1, MaxConcurrency, nameof(MaxConcurrency), failures);
        AtLeast(1, MaxBatchSize, nameof(MaxBatchSize), failures);
        AtLeast(1, MaxQueue, nameof(MaxQueue), failures);
        if (SelfTest is < TheModelSelfTest.Never or > TheModelSelfTest.OnFirstUse)
        {
            failures.Add(FormattableString.Invariant($"{nameof(SelfTest)}: expected Never, OnLoad or OnFirstUse, got {(int)SelfTest}."));
        }

        if (MaxDelay < TimeSpan.Zero || MaxDelay > TimeSpan.FromMinutes(1))
        {
            failures.Add(FormattableString.Invariant($"{nameof(MaxDelay)}: expected a delay from zero to one minute, got {MaxDelay}."));
        }

        return failures;
    }

    /// <summary>Sets the options that a section of the configuration has: all but <see cref="ConfigureSession"/>, which is code.</summary>
    internal void Bind(OptionsReader section)
    {
        IntraOpNumThreads = section.Integer(nameof(IntraOpNumThreads), IntraOpNumThreads);
        ModelPath = section.OptionalText(nameof(ModelPath), ModelPath);
        UseGlobalThreadPool = section.Flag(nameof(UseGlobalThreadPool), UseGlobalThreadPool);
        Provider = section.Text(nameof(Provider), Provider);
        ValidateInputs = section.Flag(nameof(ValidateInputs), ValidateInputs);
        SelfTest = section.Choice(
            nameof(SelfTest), SelfTest, TheModelSelfTest.Never, TheModelSelfTest.OnLoad, TheModelSelfTest.OnFirstUse);
        MaxConcurrency = section.Integer(nameof(MaxConcurrency), MaxConcurrency);
        MaxBatchSize = section.Integer(nameof(MaxBatchSize), MaxBatchSize);
        MaxDelay = section.Duration(nameof(MaxDelay), MaxDelay);
        MaxQueue = section.Integer(nameof(MaxQueue), MaxQueue);
        RejectWhenFull = section.Flag(nameof(RejectWhenFull), RejectWhenFull);
        RunOnCallingThread = section.Flag(nameof(RunOnCallingThread), RunOnCallingThread);
        WarmUp = section.Flag(nameof(WarmUp), WarmUp);
        BindSizes(section);
        BindText(section);
    }

    /// <summary>Of a model whose sizes vary, in the generated half.</summary>
    partial void BindSizes(OptionsReader section);

    /// <summary>Of a model that takes text.</summary>
    partial void BindText(OptionsReader section);

    private static void AtLeast(int minimum, int value, string name, List<string> failures)
    {
        if (value < minimum)
        {
            failures.Add(string.Format(CultureInfo.InvariantCulture, "{0}: expected at least {1}, got {2}.", name, minimum, value));
        }
    }
}
