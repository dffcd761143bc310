namespace TheNamespace.Tests;

using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

public sealed class LineEndpointTests(EndpointHost host)
{
    private const string Answer = "{\"label\":\"few\",\"scores\":[";

    [Theory]
    [InlineData("application/x-ndjson")]
    [InlineData("application/jsonl; charset=utf-8")]
    public async Task Each_line_is_answered_by_a_line(string type)
    {
        using HttpResponseMessage answer = await host.PostAsync("/predict", EndpointHost.Row + "\n" + EndpointHost.Row, type);
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal(type, answer.Content.Headers.ContentType?.ToString());
        Assert.All(await ReadAsync(answer, 2), line => Assert.StartsWith(Answer, line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Answers_are_in_the_order_of_the_lines_whatever_runs_together()
    {
        string[] rows = [.. Enumerable.Range(0, 1000).Select(i => string.Create(CultureInfo.InvariantCulture, $"{{\"features\": [{i % 100}, 0, 1, 2]}}"))];
        string[] answers = await PostAsync("/predict", string.Join('\n', rows) + "\n", rows.Length);
        foreach (int i in new[] { 0, 31, 32, 500, 999 })
        {
            using HttpResponseMessage alone = await host.PostAsync("/predict", rows[i]);
            Assert.Equal(await alone.Content.ReadAsStringAsync(TestLimits.Token), answers[i]);
        }
    }

    [Fact]
    public async Task Blank_lines_and_the_mark_of_UTF8_are_passed_over_and_counted()
    {
        string[] answers = await PostAsync("/predict", "\uFEFF" + EndpointHost.Row + "\r\n\r\n  \n" + EndpointHost.Row + "\r\nnonsense", 3);
        Assert.StartsWith(Answer, answers[0], StringComparison.Ordinal);
        Assert.StartsWith(Answer, answers[1], StringComparison.Ordinal);
        Assert.Equal(5, Error(answers[2], 400).GetProperty("line").GetInt32());
    }

    [Fact]
    public async Task A_line_that_is_refused_is_answered_in_its_place_and_the_others_go_on()
    {
        string[] answers = await PostAsync("/predict", EndpointHost.Row + "\nnonsense\n" + EndpointHost.Row, 3);
        Assert.StartsWith(Answer, answers[0], StringComparison.Ordinal);
        JsonElement error = Error(answers[1], 400);
        Assert.Contains("JSON", error.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(2, error.GetProperty("line").GetInt32());
        Assert.StartsWith(Answer, answers[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_of_rows_is_no_line()
    {
        string[] answers = await PostAsync("/predict", "{\"rows\": [" + EndpointHost.Row + "]}\n" + EndpointHost.Row, 2);
        Assert.Equal("rows", Error(answers[0], 400).GetProperty("field").GetString());
        Assert.StartsWith(Answer, answers[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_that_is_too_long_is_refused_and_the_others_go_on()
    {
        string[] answers = await PostAsync("/small", new string('1', 130) + "\n" + EndpointHost.Row, 2);
        Assert.Equal(1, Error(answers[0], 413).GetProperty("line").GetInt32());
        Assert.StartsWith(Answer, answers[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_line_that_fails_in_its_run_does_not_fail_those_that_ran_with_it()
    {
        string[] answers = await PostAsync("/fake", "{\"features\": [0, 0, 0, 0]}\n{\"features\": [2, 0, 0, 0]}\n{\"features\": [5, 0, 0, 0]}\n", 3);
        Assert.StartsWith("{\"label\":\"many\"", answers[0], StringComparison.Ordinal);
        Assert.Equal("The model could not answer: the service's log says why.", Error(answers[1], 500).GetProperty("detail").GetString());
        Assert.Equal("features", Error(answers[2], 400).GetProperty("field").GetString());
    }

    [Fact]
    public async Task A_body_without_lines_is_answered_without_lines()
    {
        await PostAsync("/predict", "\n", 0);
    }

    [Fact]
    public async Task Lines_are_answered_as_they_come_and_a_body_that_becomes_too_long_is_said_on_the_last_line()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(host.Client.BaseAddress!.Host, host.Client.BaseAddress.Port, TestLimits.Token);
        NetworkStream stream = client.GetStream();
        using var reader = new StreamReader(stream);
        await SendAsync(stream, "POST /small HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n");
        await SendChunkAsync(stream, EndpointHost.Row + "\n");
        await ReadUntilAsync(reader, Answer);
        await SendChunkAsync(stream, new string(' ', 300) + "\n");
        string last = await ReadUntilAsync(reader, "{\"error\"");
        Assert.Equal(2, Error(last, 413).GetProperty("line").GetInt32());
    }

    private static async Task<string> ReadUntilAsync(StreamReader reader, string start)
    {
        while (await reader.ReadLineAsync(TestLimits.Token) is { } line)
        {
            if (line.StartsWith(start, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new EndOfStreamException();
    }

    private static Task SendChunkAsync(NetworkStream stream, string text)
    {
        return SendAsync(stream, text.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n" + text + "\r\n");
    }

    private static Task SendAsync(NetworkStream stream, string text)
    {
        return stream.WriteAsync(Encoding.ASCII.GetBytes(text), TestLimits.Token).AsTask();
    }

    private static JsonElement Error(string line, int status)
    {
        JsonElement error = JsonDocument.Parse(line).RootElement.GetProperty("error");
        Assert.Equal(status, error.GetProperty("status").GetInt32());
        return error;
    }

    private static async Task<string[]> ReadAsync(HttpResponseMessage answer, int lines)
    {
        string text = await answer.Content.ReadAsStringAsync(TestLimits.Token);
        string[] answers = text.Split('\n');
        Assert.Equal(lines + 1, answers.Length);
        Assert.Empty(answers[^1]);
        return answers[..^1];
    }

    private async Task<string[]> PostAsync(string path, string body, int lines)
    {
        using HttpResponseMessage answer = await host.PostAsync(path, body, "application/x-ndjson");
        return await ReadAsync(answer, lines);
    }
}
