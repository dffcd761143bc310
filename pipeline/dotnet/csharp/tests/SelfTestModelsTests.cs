namespace TheNamespace.Tests;

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using Microsoft.ML.OnnxRuntime;
using TheNamespace.TheModelEngine;
using Xunit;

/// <summary>Models other than the sample, which the self-test runs without any code that is generated for them.</summary>
public sealed class SelfTestModelsTests
{
    [Fact]
    public void Inputs_and_outputs_may_have_every_type()
    {
        TheModelSelfTestResult result = Replay("dtypes", null);
        Assert.Empty(result.Differences);
        Assert.Equal((1, 13 * 6L), (result.Calls, result.Values));
    }

    [Theory]
    [InlineData("000.outputs.5.bin", 47, 0x80, "output 'out int64', row 1, index [2]: expected -")]
    [InlineData("000.outputs.10.bin", 0, 1, "output 'out bool', row 0, index [0]: expected true, got false")]
    [InlineData("000.outputs.11.bin", 1, 0x40, "output 'out float16', row 0, index [0]: expected ")]
    [InlineData("000.outputs.12.bin", 8, 1, "output 'out string', row 0, index [1]: expected \"")]
    public void A_changed_byte_is_found_in_every_kind_of_type(string file, int place, byte bits, string expected)
    {
        TheModelSelfTestResult result = Replay("dtypes", null, file, bytes => bytes[place] ^= bits);
        Assert.StartsWith("call 'all': " + expected, Assert.Single(result.Differences), StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_are_tokenized_and_run_in_their_calls()
    {
        TheModelSelfTestResult result = Replay("texts", new KnownTokens());
        Assert.Empty(result.Differences);
        Assert.Equal((2, 5L + (5 * 3)), (result.Calls, result.Values));
        Assert.InRange(result.Used["vector"], 0, 1);
    }

    [Fact]
    public void Another_token_is_found_and_named()
    {
        var tokenizer = new KnownTokens { Change = ids => ids[1]++ };
        Assert.Equal("call 'texts of 3 tokens': text 0 (\"the\"): expected token 5 at place 1 of its tokens, got token 6", Replay("texts", tokenizer).Differences[0]);
    }

    [Fact]
    public void A_missing_token_is_found_and_named()
    {
        var tokenizer = new KnownTokens { Shorten = true };
        Assert.Equal("call 'texts of 3 tokens': text 0 (\"the\"): expected token 3 at place 2 of its tokens, got their end", Replay("texts", tokenizer).Differences[0]);
    }

    [Fact]
    public void An_answer_to_a_text_that_differs_is_named_by_its_text()
    {
        TheModelSelfTestResult result = Replay("texts", new KnownTokens(), "texts.1.bin", bytes => bytes[16 + 4 + 6] ^= 1);
        Assert.StartsWith("call 'texts of 3 tokens, text 1': output 'vector', index [1]: expected ", Assert.Single(result.Differences), StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_to_a_text_must_point_where_PyTorchs_does()
    {
        OutputPolicy policy = Policy("""{"name": "v", "dtype": "float32", "tolerance": {"atol": 10, "rtol": 0, "floor": 0, "cosine": null, "top1": null, "ulp": null}, "scale": 1, "axis": null, "channels": [], "exempt": ""}""");
        AnswerComparison comparison = AnswerComparer.CompareTextRow(Vector(1, 0), Vector(0, 1), policy, 0.99);
        Assert.Equal("output 'v': expected a cosine with PyTorch's answer of at least 0.99, got 0.000000000", comparison.Problem);
        Assert.True(AnswerComparer.CompareTextRow(Vector(1, 0), Vector(1, 0.001f), policy, 0.99).Passed);
    }

    [Fact]
    public void A_channel_is_judged_by_its_own_scale()
    {
        OutputPolicy policy = Policy("""{"name": "v", "dtype": "float32", "tolerance": {"atol": 0.01, "rtol": 0, "floor": 0, "cosine": null, "top1": null, "ulp": null}, "scale": 100, "axis": 0, "channels": [100, 1], "exempt": ""}""");
        Assert.True(AnswerComparer.Compare(Vector(1, 1), Vector(1.5f, 1), policy).Passed);
        Assert.Equal("output 'v', row 1: expected 1, got 1.5; allowed here 0.01", AnswerComparer.Compare(Vector(1, 1), Vector(1, 1.5f), policy).Problem);
    }

    [Fact]
    public void An_output_that_the_policy_does_not_know_is_named()
    {
        string outputs = """{"outputs": [], "texts": null}""";
        var error = Assert.Throws<TheModelException>(() => Replay("dtypes", null, "policy.json", _ => { }, outputs));
        Assert.StartsWith("policy.json: expected how the output out float32 is judged", error.Message, StringComparison.Ordinal);
    }

    private static GoldenTensor Vector(params float[] values)
    {
        return new GoldenTensor("v", "float32", [values.Length], values.SelectMany(BitConverter.GetBytes).ToArray());
    }

    private static OutputPolicy Policy(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return new OutputPolicy(document.RootElement);
    }

    private static TheModelSelfTestResult Replay(string model, ITextTokenizer? tokenizer, string changed = "", Action<byte[]>? change = null, string? text = null)
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "models", model);
        var golden = new GoldenFiles(file =>
        {
            byte[] content = File.ReadAllBytes(Path.Combine(folder, file));
            if (string.Equals(file, changed, StringComparison.Ordinal))
            {
                change!(content);
                return text == null ? content : System.Text.Encoding.UTF8.GetBytes(text);
            }

            return content;
        });
        using var session = new InferenceSession(Path.Combine(folder, "model.onnx"));
        return SelfTester.Replay(session, tokenizer, golden, CancellationToken.None).Sum(new TheModelDiagnostics("CPU"));
    }

    /// <summary>Gives the tokens that texts.json has, or others.</summary>
    private sealed class KnownTokens : ITextTokenizer
    {
        private readonly Dictionary<string, long[]> _tokens = new(StringComparer.Ordinal);

        public KnownTokens()
        {
            using JsonDocument texts = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "models", "texts", "texts.json")));
            foreach (JsonElement entry in texts.RootElement.EnumerateArray())
            {
                _tokens[entry.GetProperty("text").GetString()!] = entry.GetProperty("ids").EnumerateArray().Select(id => id.GetInt64()).ToArray();
            }
        }

        public Action<long[]> Change { get; init; } = _ => { };

        public bool Shorten { get; init; }

        public long[] Encode(string text, string parameter)
        {
            long[] ids = Shorten ? _tokens[text][..^1] : [.. _tokens[text]];
            Change(ids);
            return ids;
        }
    }
}
