namespace TheNamespace.Tests;

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class SelfTestTests
{
    private static readonly TheModelDiagnostics Nowhere = new("CPU", [], "1.31.1", string.Empty, 1, usesGlobalThreadPool: false);

    [Fact]
    public void The_sample_passes_in_two_lines()
    {
        using TheModel model = TheModel.Load();
        model.SelfTest(TestContext.Current.CancellationToken).ThrowIfFailed();
    }

    [Fact]
    public void The_result_says_how_much_was_compared_and_how_near_it_came()
    {
        using TheModel model = TheModel.Load();
        TheModelSelfTestResult result = model.SelfTest(TestContext.Current.CancellationToken);
        Assert.Equal((3, 24L), (result.Calls, result.Values));
        Assert.Equal(["scores"], result.Used.Keys);
        Assert.InRange(result.Used["scores"], 0, 1);
        Assert.Empty(result.Differences);
        Assert.Same(model.Diagnostics, result.Diagnostics);
    }

    [Fact]
    public void A_changed_byte_in_an_answer_is_found_and_named()
    {
        using LoadedModel model = Golden.LoadModel();
        TheModelSelfTestResult result = SelfTester.Run(model, null, CancellationToken.None, Golden.Changed("001.outputs.1.bin", bytes => bytes[18] ^= 1));
        Assert.False(result.Passed);
        string difference = Assert.Single(result.Differences);
        Assert.Matches(@"^call 'rows-3': output 'scores', row 1, index \[1\]: expected 0\.\d+, got 0\.\d+; allowed here \d.*E-06$", difference);
        Assert.True(result.Used["scores"] > 1);
    }

    [Fact]
    public void A_changed_class_is_found_and_named()
    {
        using LoadedModel model = Golden.LoadModel();
        TheModelSelfTestResult result = SelfTester.Run(model, null, CancellationToken.None, Golden.Changed("001.outputs.0.bin", bytes => bytes[8] += 5));
        Assert.Matches(@"^call 'rows-3': output 'label', row 1: expected \d, got \d \(1 of 3 values differ\)$", Assert.Single(result.Differences));
    }

    [Fact]
    public void What_onnxruntime_cannot_run_is_a_difference()
    {
        using LoadedModel model = Golden.LoadModel();
        GoldenFiles golden = Golden.Changed("golden.json", text => text.Replace("\"features\"", "\"other\"", StringComparison.Ordinal));
        TheModelSelfTestResult result = SelfTester.Run(model, null, CancellationToken.None, golden);
        Assert.StartsWith("call 'rows-1': expected an answer, got an error of onnxruntime: ", result.Differences[0], StringComparison.Ordinal);
        Assert.False(result.Passed);
    }

    [Fact]
    public void An_output_of_another_type_is_a_difference()
    {
        using LoadedModel model = Golden.LoadModel();
        GoldenFiles golden = Golden.Changed("golden.json", text => text.Replace("int64", "uint64", StringComparison.Ordinal));
        Assert.Contains("call 'rows-1': output 'label': expected type uint64, got int64", SelfTester.Run(model, null, CancellationToken.None, golden).Differences);
    }

    [Fact]
    public void Nothing_compared_is_no_pass()
    {
        using LoadedModel model = Golden.LoadModel();
        TheModelSelfTestResult result = SelfTester.Run(model, null, CancellationToken.None, Golden.Changed("golden.json", _ => "[]"));
        Assert.False(result.Passed);
        Assert.StartsWith("nothing was compared: ", Assert.Single(result.Differences), StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_judged_is_no_pass()
    {
        using LoadedModel model = Golden.LoadModel();
        GoldenFiles golden = Golden.Changed("policy.json", text => text.Replace("\"exempt\": \"\"", "\"exempt\": \"ties\"", StringComparison.Ordinal));
        TheModelSelfTestResult result = SelfTester.Run(model, null, CancellationToken.None, golden);
        Assert.False(result.Passed);
        Assert.StartsWith("nothing was judged: ", Assert.Single(result.Differences), StringComparison.Ordinal);
        Assert.Equal("ties", result.Exempt["label"]);
    }

    [Fact]
    public void A_faked_result_without_values_is_no_pass()
    {
        Assert.False(new TheModelSelfTestResult(0, 0, new Dictionary<string, double>(), new Dictionary<string, string>(), [], Nowhere).Passed);
    }

    [Fact]
    public void Without_golden_calls_there_is_one_sentence()
    {
        using LoadedModel model = Golden.LoadModel();
        var error = Assert.Throws<TheModelException>(() => SelfTester.Run(model, null, CancellationToken.None, new GoldenFiles(_ => null)));
        Assert.Equal(
            "Expected golden calls in the package TheNamespace.TheModel 1.0.0 for a self-test, got none: it was made with package.golden=none; make it with "
            + "package.golden=slim, or leave TheModelOptions.SelfTest at Never and SelfTest() uncalled.",
            error.Message);
    }

    [Fact]
    public void A_lost_file_is_named()
    {
        using LoadedModel model = Golden.LoadModel();
        var golden = new GoldenFiles(file => string.Equals(file, "policy.json", StringComparison.Ordinal) ? null : Golden.Read(file));
        var error = Assert.Throws<TheModelException>(() => SelfTester.Run(model, null, CancellationToken.None, golden));
        Assert.StartsWith("Expected policy.json among the golden calls", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_another_length_is_named()
    {
        using LoadedModel model = Golden.LoadModel();
        GoldenFiles golden = Golden.Changed("golden.json", text => text.Replace("     3,\n     4\n", "     3,\n     5\n", StringComparison.Ordinal));
        var error = Assert.Throws<TheModelException>(() => SelfTester.Run(model, null, CancellationToken.None, golden));
        Assert.StartsWith("001.inputs.0.bin: expected values of shape [3, 5] and type float32", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancelled_before_a_call_it_ends()
    {
        using TheModel model = TheModel.Load();
        Assert.Throws<OperationCanceledException>(() => model.SelfTest(new CancellationToken(canceled: true)));
    }

    [Fact]
    public void A_disposed_model_has_no_self_test()
    {
        TheModel model = TheModel.Load();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.SelfTest(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void The_text_is_the_same_in_every_culture()
    {
        using LoadedModel model = Golden.LoadModel();
        GoldenFiles golden = Golden.Changed("001.outputs.1.bin", bytes => bytes[18] ^= 1);
        string invariant = SelfTester.Run(model, null, CancellationToken.None, golden).ToString();
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = Golden.CommaCulture();
            Assert.Equal(invariant, SelfTester.Run(model, null, CancellationToken.None, golden).ToString());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void The_text_of_a_pass_names_package_runtime_and_shares()
    {
        using TheModel model = TheModel.Load();
        Assert.Matches(
            @"^TheNamespace\.TheModel 1\.0\.0: self-test passed, 3 golden calls, 24 values, on CPU \(onnxruntime [\d.]+\); scores uses \d+\.\d+ % of what is allowed$",
            model.SelfTest(TestContext.Current.CancellationToken).ToString());
    }

    [Fact]
    public void The_exception_has_the_result_and_the_first_difference()
    {
        var result = new TheModelSelfTestResult(2, 9, new Dictionary<string, double>(), new Dictionary<string, string>(), ["call 'a': x", "call 'b': y"], Nowhere);
        var error = Assert.Throws<TheModelSelfTestException>(result.ThrowIfFailed);
        Assert.Same(result, error.Result);
        Assert.StartsWith("Expected PyTorch's answers from TheNamespace.TheModel 1.0.0 on CPU with onnxruntime 1.31.1, got others: call 'a': x (and 1 more); ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_session_is_replayed_once()
    {
        using LoadedModel model = Golden.LoadModel();
        TheModelSelfTestResult[] results = new TheModelSelfTestResult[8];
        Parallel.For(0, results.Length, i => results[i] = SelfTester.RunOnce(model, null, CancellationToken.None));
        Assert.All(results, result => Assert.Same(results[0], result));
    }

    [Fact]
    public void What_was_cancelled_is_replayed_again()
    {
        using LoadedModel model = Golden.LoadModel();
        Assert.Throws<OperationCanceledException>(() => SelfTester.RunOnce(model, null, new CancellationToken(canceled: true)));
        Assert.True(SelfTester.RunOnce(model, null, CancellationToken.None).Passed);
    }
}
