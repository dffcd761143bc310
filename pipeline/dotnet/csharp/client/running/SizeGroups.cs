#nullable enable

namespace TheNamespace.TheModelEngine;

using System;
using System.Collections.Generic;
using System.Threading;

/// <summary>Runs a list of rows on the calling thread, those of equal sizes together, and nothing padded.</summary>
internal static class SizeGroups
{
    // Rows of equal sizes are looked for among so many, so that the search costs little beside the runs however long the list is.
    private const int Window = 4096;

    /// <returns>The outputs in the order of the rows.</returns>
    internal static TOutput[] Run<TRow, TOutput>(IBatchRunner<TRow, TOutput> runner, TRow[] rows, int maxBatchSize, CancellationToken cancellationToken)
    {
        var outputs = new TOutput[rows.Length];
        if (runner.HasOneSize || HaveAllEqualSizes(runner, rows))
        {
            RunBatches(runner, rows, outputs, maxBatchSize, cancellationToken);
            return outputs;
        }

        int window = Math.Max(Window, maxBatchSize);
        for (int start = 0; start < outputs.Length; start += Math.Min(window, outputs.Length - start))
        {
            foreach (List<int> group in Group(runner, rows, start, Math.Min(window, outputs.Length - start)))
            {
                TRow[] groupRows = group.ConvertAll(index => rows[index]).ToArray();
                var groupOutputs = new TOutput[groupRows.Length];
                RunBatches(runner, groupRows, groupOutputs, maxBatchSize, cancellationToken);
                for (int i = 0; i < groupOutputs.Length; i++)
                {
                    outputs[group[i]] = groupOutputs[i];
                }
            }
        }

        return outputs;
    }

    private static bool HaveAllEqualSizes<TRow, TOutput>(IBatchRunner<TRow, TOutput> runner, TRow[] rows)
    {
        for (int i = 1; i < rows.Length; i++)
        {
            if (!runner.HaveEqualSizes(rows[0], rows[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Indices of the rows of equal sizes, a list for each group, in the order of their first rows.</summary>
    private static List<List<int>> Group<TRow, TOutput>(IBatchRunner<TRow, TOutput> runner, TRow[] rows, int start, int count)
    {
        var groups = new List<List<int>>();
        for (int i = start; i < start + count; i++)
        {
            List<int>? group = groups.Find(each => runner.HaveEqualSizes(rows[each[0]], rows[i]));
            if (group == null)
            {
                group = [];
                groups.Add(group);
            }

            group.Add(i);
        }

        return groups;
    }

    private static void RunBatches<TRow, TOutput>(
        IBatchRunner<TRow, TOutput> runner, TRow[] rows, TOutput[] outputs, int maxBatchSize, CancellationToken cancellationToken)
    {
        for (int start = 0; start < outputs.Length; start += Math.Min(maxBatchSize, outputs.Length - start))
        {
            cancellationToken.ThrowIfCancellationRequested();
            runner.RunBatch(rows, start, Math.Min(maxBatchSize, outputs.Length - start), outputs, cancellationToken);
        }
    }
}
