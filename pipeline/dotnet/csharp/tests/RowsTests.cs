namespace TheNamespace.Tests;

using System;
using System.Linq;
using TheNamespace.TheModelEngine;
using Xunit;

public sealed class RowsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_rejected_row_is_called_by_its_place(bool isArray)
    {
        int[] rows = [1, 2, -3];
        var error = Assert.Throws<ArgumentException>(() => Rows.CheckAll<int, int>(isArray ? rows : rows.ToList(), Positive, "rows"));
        Assert.Equal("rows[2]", error.ParamName);
    }

    [Fact]
    public void A_row_that_another_thread_mends_after_its_rejection_stays_rejected()
    {
        int checks = 0;
        Assert.Throws<ArgumentException>(() => Rows.CheckAll<int, int>([1], (row, name) => ++checks == 1 ? Positive(-row, name) : row, "rows"));
        Assert.Equal(2, checks);
    }

    [Fact]
    public void An_array_of_rows_that_are_taken_as_they_are_is_not_copied()
    {
        int[] rows = [1, 2];
        Assert.Same(rows, Rows.CheckAll<int, int>(rows, Positive, "rows"));
    }

    [Fact]
    public void An_array_of_rows_that_are_not_taken_as_they_are_is_left_alone()
    {
        int[] rows = [1, 2];
        Assert.Equal([1L, 2L], Rows.CheckAll<int, long>(rows, static (row, name) => Positive(row, name), "rows"));
        Assert.Equal([1, 2], rows);
    }

    private static int Positive(int row, string name)
    {
        return row > 0 ? row : throw new ArgumentException("Expected a positive row.", name);
    }
}
