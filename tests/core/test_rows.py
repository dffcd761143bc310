import numpy as np
import pytest

from pipeline.core.errors import PipelineError
from pipeline.core.rows import Rows


@pytest.mark.parametrize(
    "arrays",
    [{"a": np.zeros((2, 3)), "b": np.zeros(3)}, {"a": np.zeros(2), "b": np.zeros(())}, {"a": np.zeros(())}],
    ids=["lengths", "no axis", "no axis at all"],
)
def test_arrays_without_a_row_each_are_refused(arrays):
    with pytest.raises(
        PipelineError, match="test: expected arrays whose first axis is the row, the same number of each, got"
    ):
        Rows(arrays, batched=True).check_aligned("test")


def test_aligned_arrays_are_taken():
    Rows({"a": np.zeros((0, 3)), "b": np.zeros(0)}, batched=True).check_aligned("test")
    Rows({"a": np.zeros((1, 3))}, batched=True).check_some("test")


def test_no_rows_are_refused():
    with pytest.raises(
        PipelineError, match="test: expected rows, got none: make it again with `python -m pipeline prepare`"
    ):
        Rows({"a": np.zeros((0, 3))}, batched=True).check_some("test")
