namespace TheNamespace.Tests;

using System;
using System.Buffers;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using NSubstitute;
using TheNamespace.TheModelEngine;
using Xunit;
using static TheNamespace.Tests.Contracts;

public sealed class ModelRunnerTests
{
    private const string Three = """{"rows": [{"features": [1, 2, 3, 4]}, {"features": [-1, 0, 0.5, 2]}, {"features": [0, 0, 0, 1]}]}""";

    [Fact]
    public async Task Rows_are_answered_as_the_client_answers_them()
    {
        await using ServiceProvider provider = Provide(2048);
        Assert.Equal(Expected(provider), await AnswerAsync(provider, false));
    }

    [Fact]
    public async Task Rows_of_several_runs_are_answered_in_order()
    {
        await using ServiceProvider provider = Provide(2);
        Assert.Equal(Expected(provider), await AnswerAsync(provider, false));
    }

    [Fact]
    public async Task A_row_may_run_in_a_micro_batch()
    {
        await using ServiceProvider provider = Provide(2048);
        string answer = await AnswerAsync(provider, true, """{"features": [1, 2, 3, 4]}""");
        Assert.Equal(Text(provider.GetRequiredService<ITheModel>().Run([1f, 2f, 3f, 4f])), answer);
    }

    [Fact]
    public async Task What_the_program_puts_in_the_models_place_answers_each_row()
    {
        await using ServiceProvider fake = Fake(row => Task.FromResult(new TheModelOutput((long)row[3] % 3, [row[0], row[1], row[2]])));
        Assert.Equal(
            """{"rows":[{"label":"few","scores":[1,2,3]},{"label":"many","scores":[-1,0,0.5]},{"label":"few","scores":[0,0,0]}]}""", await AnswerAsync(fake, false));
    }

    [Fact]
    public async Task What_such_a_one_throws_is_thrown()
    {
        await using ServiceProvider fake = Fake(_ => Task.FromException<TheModelOutput>(new TheModelQueueFullException("full")));
        await Assert.ThrowsAsync<TheModelQueueFullException>(() => AnswerAsync(fake, false));
    }

    [Fact]
    public async Task An_array_of_the_wrong_length_from_such_a_one_is_told()
    {
        await using ServiceProvider fake = Fake(_ => Task.FromResult(new TheModelOutput(0, [1f])));
        TheModelException error = await Assert.ThrowsAsync<TheModelException>(() => AnswerAsync(fake, false));
        Assert.Equal("scores: expected 3 values a row, got 1 from what was put in the model's place.", error.Message);
    }

    [Fact]
    public async Task A_call_that_is_taken_again_has_forgotten_the_last()
    {
        await using ServiceProvider provider = Provide(2048);
        using ModelRunner runner = NewRunner(false);
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(Expected(provider), await AnswerAsync(runner, provider, Three));
            await Assert.ThrowsAsync<ArgumentException>(() => AnswerAsync(runner, provider, """{"rows": [{"features": [1, 2, 3, 4]}, {"features": [1]}]}"""));
        }
    }

    [Fact]
    public void Rows_of_equal_sizes_come_together_in_their_own_order()
    {
        RequestRows rows = Read(
            Of(Tensor("x", ElementType.Float32, [~0])), """{"rows": [{"x": [1, 2]}, {"x": [3]}, {"x": [4, 5]}, {"x": [6]}, {"x": [7, 8, 9]}, {"x": [0]}]}""");
        Assert.Equal([1, 3, 5, 0, 2, 4], SizeOrder.Of(rows)!);
    }

    [Fact]
    public void Rows_of_one_size_need_no_order()
    {
        Assert.Null(SizeOrder.Of(Read(Of(Tensor("x", ElementType.Float32, [~0])), """{"rows": [{"x": [1, 2]}, {"x": [3, 4]}]}""")));
    }

    private static string Expected(IServiceProvider provider)
    {
        ITheModel model = provider.GetRequiredService<ITheModel>();
        float[][] rows = [[1, 2, 3, 4], [-1, 0, 0.5f, 2], [0, 0, 0, 1]];
        return "{\"rows\":[" + string.Join(",", rows.Select(row => Text(model.Run(row)))) + "]}";
    }

    private static string Text(TheModelOutput output)
    {
        return $$"""{"label":"{{output.LabelName}}","scores":{{JsonSerializer.Serialize(output.Scores)}}}""";
    }

    private static ServiceProvider Provide(int maxBatchSize)
    {
        return new ServiceCollection().AddTheModel(options => options.MaxBatchSize = maxBatchSize).BuildServiceProvider();
    }

    private static ServiceProvider Fake(Func<float[], Task<TheModelOutput>> answer)
    {
        ITheModel fake = Substitute.For<ITheModel>();
        fake.RunAsync(Arg.Any<float[]>(), Arg.Any<CancellationToken>()).Returns(call => answer(call.Arg<float[]>()));
        return new ServiceCollection().AddSingleton(fake).BuildServiceProvider();
    }

    private static ModelRunner NewRunner(bool microBatching)
    {
        return new ModelRunner(new RegisteredModel(null), microBatching, TimeSpan.FromSeconds(60));
    }

    private static async Task<string> AnswerAsync(IServiceProvider provider, bool microBatching, string json = Three)
    {
        using ModelRunner runner = NewRunner(microBatching);
        return await AnswerAsync(runner, provider, json);
    }

    private static async Task<string> AnswerAsync(ModelRunner runner, IServiceProvider provider, string json)
    {
        ModelCall call = runner.Take();
        try
        {
            bool isList = RowsReader.Read(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(json)), call.Request);
            await runner.RunAsync(call, new DefaultHttpContext { RequestServices = provider });
            var buffer = new ArrayBufferWriter<byte>();
            await using (var writer = new Utf8JsonWriter(buffer))
            {
                RowsWriter.Write(writer, call, isList);
            }

            return Encoding.UTF8.GetString(buffer.WrittenSpan);
        }
        finally
        {
            runner.Return(call);
        }
    }
}
