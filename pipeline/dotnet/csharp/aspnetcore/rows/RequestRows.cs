#nullable enable

namespace TheNamespace.TheModelEngine;

using System;

/// <summary>The rows of a request: a reader fills the columns, and ends each row; or ends all of them, where the request has whole tensors.</summary>
internal sealed class RequestRows : RowColumns
{
    internal RequestRows()
        : this(ModelContract.OfTheModel)
    {
    }

    internal RequestRows(ModelContract contract)
        : base(contract.Inputs, contract.InputAxes)
    {
        OpenCounts = new int[contract.Inputs.Length];
        OpenSizes = new int[contract.InputAxes];
    }

    /// <summary>Whether the request is a list, so that sentences name its rows.</summary>
    internal bool IsList { get; set; }

    /// <summary>Of the row that is read: the number of values of each input; -1 for one that has not come.</summary>
    internal int[] OpenCounts { get; }

    /// <summary>Of the row that is read: the sizes of the axes; -1 for one that is not known yet.</summary>
    internal int[] OpenSizes { get; }

    /// <summary>A text for each row, where the client's tokenizer fills the inputs.</summary>
    internal TextColumn TextRows { get; } = new();

    /// <summary>Whether the rows are texts for the tokenizer.</summary>
    internal bool HasTexts => TextRows.Count > 0;

    /// <summary>Number of rows, before and after their texts are tokenized.</summary>
    internal int RowCount => HasTexts ? TextRows.Count : Count;

    internal override void Clear()
    {
        base.Clear();
        TextRows.Clear();
        IsList = false;
    }

    /// <summary>Begins a row.</summary>
    internal void Open()
    {
        System.Array.Fill(OpenCounts, -1);
        System.Array.Fill(OpenSizes, -1);
    }

    /// <summary>Ends a row. Its sizes must be right: see InputSizes.</summary>
    internal void EndRow(ReadOnlySpan<int> sizes)
    {
        Append(sizes);
    }

    /// <summary>Ends all rows, where the columns hold whole tensors.</summary>
    internal void EndRows(int count, ReadOnlySpan<int> sizes)
    {
        AppendAll(count, sizes);
    }

    internal T Value<T>(int place, int row)
        where T : unmanaged
    {
        return Values<T>(place, row)[0];
    }

    internal T[] Array<T>(int place, int row)
        where T : unmanaged
    {
        return Values<T>(place, row).ToArray();
    }

    internal string Text(int place, int row)
    {
        return Texts(place).Text(Start(place, row));
    }

    internal string[] TextArray(int place, int row)
    {
        var texts = new string[Length(place, row)];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = Texts(place).Text(Start(place, row) + i);
        }

        return texts;
    }
}
