#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;

/// <summary>Runs rows as they come, in bounded memory, and gives the outputs in the order of the rows.</summary>
internal static class RowStream
{
    /// <param name="rows">Rows as the caller has them.</param>
    /// <param name="check">A row as the model takes it, or an <see cref="ArgumentException"/>; its second argument is what the row is called.</param>
    /// <param name="run">Runs a row.</param>
    /// <param name="limit">How many rows may have been read, and not answered.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>Outputs; those of the rows before a failure come before it is thrown.</returns>
    internal static async IAsyncEnumerable<TOutput> RunAsync<TSource, TRow, TOutput>(
        IAsyncEnumerable<TSource> rows,
        Func<TSource, string, TRow> check,
        Func<TRow, CancellationToken, Task<TOutput>> run,
        int limit,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var answers = new Queue<Task<TOutput>>();
        IAsyncEnumerator<TSource> source = rows.GetAsyncEnumerator(stop.Token);
        Task<bool>? reading = null;
        bool isOpen = true;
        long read = 0;
        long answered = 0;
        try
        {
            while (true)
            {
                while (isOpen && answers.Count < limit)
                {
                    reading ??= source.MoveNextAsync().AsTask();
                    if (!reading.IsCompleted)
                    {
                        // Whichever comes first: an answer does not wait for the next row.
                        Task first = answers.Count == 0 ? reading : answers.Peek();
                        await Task.WhenAny(reading, first).ConfigureAwait(false);
                    }

                    if (!reading.IsCompleted)
                    {
                        break;
                    }

                    isOpen = reading.Status == TaskStatus.RanToCompletion && await reading.ConfigureAwait(false);
                    if (isOpen)
                    {
                        reading = null;
                        answers.Enqueue(Start(source.Current, read++, check, run, stop.Token));
                    }
                }

                if (answers.Count == 0)
                {
                    break;
                }

                TOutput output = await Answer(answers.Dequeue(), answered++, cancellationToken).ConfigureAwait(false);
                yield return output;
            }

            // The end of the rows, or what the source has thrown.
            await Answer(reading!, -1, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
#pragma warning disable CA1849 // What it calls takes rows out of a queue, at once; and netstandard2.0 has no CancelAsync.
            stop.Cancel();
#pragma warning restore CA1849
            await CloseAsync(source, reading, answers).ConfigureAwait(false);
        }
    }

    /// <summary>Leaves the rows that are in flight, and the source after the row that it is reading.</summary>
    private static async Task CloseAsync<TSource, TOutput>(IAsyncEnumerator<TSource> source, Task? reading, Queue<Task<TOutput>> answers)
    {
        foreach (Task<TOutput> answer in answers)
        {
            Forget(answer);
        }

        if (reading != null)
        {
            // An enumerator that is still reading must not be disposed.
            await Task.WhenAny(reading).ConfigureAwait(false);
            Forget(reading);
        }

        await source.DisposeAsync().ConfigureAwait(false);
    }

    private static Task<TOutput> Start<TSource, TRow, TOutput>(
        TSource source, long number, Func<TSource, string, TRow> check, Func<TRow, CancellationToken, Task<TOutput>> run, CancellationToken stop)
    {
        TRow row;
        try
        {
            row = check(source, "rows");
        }
        catch (ArgumentException)
        {
            try
            {
                // Once more, with its name, which rows that are right do not need.
                row = check(source, Name(number));
            }
            catch (ArgumentException error)
            {
                return Task.FromException<TOutput>(error);
            }
        }

        return run(row, stop);
    }

    private static async Task<T> Answer<T>(Task<T> answer, long number, CancellationToken cancellationToken)
    {
        try
        {
            return await answer.ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (cancellationToken.IsCancellationRequested)
        {
            // The caller's own token, not the one that is linked to it.
            throw new OperationCanceledException(error.Message, error, cancellationToken);
        }
        catch (TheModelException error) when (number >= 0 && error is not TheModelSelfTestException)
        {
            throw new TheModelException(Name(number) + ": " + error.Message, error);
        }
    }

    private static string Name(long number)
    {
        return "rows[" + number.ToString(CultureInfo.InvariantCulture) + "]";
    }

    /// <summary>Reads the error of a task that nobody awaits, so that it is not reported as unobserved.</summary>
    private static void Forget(Task task)
    {
        _ = task.ContinueWith(
            static failed => _ = failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }
}
