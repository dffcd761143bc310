import numpy as np
import pytest

from pipeline.compare.similarity import largest_ulp, least_cosine, top1_agreement


def test_the_least_cosine_is_of_the_worst_row() -> None:
    expected = np.array([[1.0, 0.0], [1.0, 1.0]])
    assert least_cosine(expected, np.array([[2.0, 0.0], [1.0, -1.0]])) == pytest.approx(0.0)
    assert least_cosine(expected[0], expected[0]) == 1.0


@pytest.mark.parametrize("rows", [np.zeros((2, 3)), np.ones((2, 1)), np.ones((2, 3), np.int64)])
def test_no_cosine_of_what_has_no_direction(rows: np.ndarray) -> None:
    assert least_cosine(rows, rows) is None


def test_top1_agreement_is_a_share_of_rows() -> None:
    expected = np.array([[0.1, 0.9], [0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])
    got = expected.copy()
    got[0] = [0.9, 0.1]
    assert top1_agreement(expected, got) == 0.75


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_distance_in_units_in_the_last_place(dtype: str) -> None:
    one = np.array([1.0, np.nan], dtype)
    assert largest_ulp(one, one) == 0
    assert largest_ulp(one, np.array([1 + 2 * np.finfo(dtype).eps, np.nan], dtype)) == 2
    assert largest_ulp(one[1:], one[1:]) == 0
