using TheNamespace.TheModelEngine;

namespace TheNamespace.Tests;

public sealed class RowsTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_rejected_row_is_called_by_its_place(bool isArray)
    {
        int[] rows = [1, 2, -3];
        var error = Assert.Throws<ArgumentException>(() => Rows.CheckAll(isArray ? rows : rows.ToList(), Positive, "rows"));
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
    public void A_list_that_the_caller_changes_afterwards_is_run_as_it_was_checked()
    {
        int[] rows = [1, 2];
        int[] taken = Rows.CheckAll<int, int>(rows, Positive, "rows");
        rows[0] = -1;
        Assert.Equal([1, 2], taken);
    }

    private static int Positive(int row, string name)
    {
        return row > 0 ? row : throw new ArgumentException("Expected a positive row.", name);
    }
}
