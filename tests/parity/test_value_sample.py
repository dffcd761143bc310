import numpy as np
import pytest

from pipeline.core.answer_evidence import BINS_A_DECADE, LOWEST
from pipeline.parity.value_sample import SAMPLE, ValueSample


def sample(*shares: np.ndarray) -> ValueSample:
    kept = ValueSample()
    for values in shares:
        expected = np.arange(values.size, dtype=np.float64)
        kept.add(expected, expected + values, values)
    return kept


@pytest.mark.parametrize(
    ("share", "place"),
    [
        (1.0, -LOWEST * BINS_A_DECADE),
        (0.99, -LOWEST * BINS_A_DECADE - 1),
        (-2e-6, 0),
        (1e-30, 0),
        (1e9, -1),
        (np.inf, -1),
    ],
)
def test_the_bin_of_a_share(share, place):
    histogram = sample(np.array([share])).histogram()
    assert histogram.equal == 0
    assert histogram.counts[place] == sum(histogram.counts) == 1


def test_values_that_are_equal_are_counted_apart():
    assert sample(np.array([0.0, 0.0, 0.5])).histogram().equal == 2


def test_every_value_is_counted_and_few_are_kept():
    kept = sample(np.full(5000, 0.1), np.full(7000, 0.2))
    expected, got, used = kept.points()
    assert sum(kept.histogram().counts) == 12000
    assert len(expected) == len(got) == len(used) <= SAMPLE


def test_the_worst_value_is_among_the_points():
    shares = np.full(9999, 0.01)
    shares[1234] = -7.0
    expected, _, used = sample(np.full(50, 0.3), shares).points()
    assert (1234.0, -7.0) in zip(expected, used, strict=True)


def test_the_same_value_is_drawn_once():
    assert sample(np.array([0.5, 0.5]), np.array([0.5, 0.5])).points() == ([0.0, 1.0], [0.5, 1.5], [0.5, 0.5])


def test_what_is_no_number_is_counted_and_not_drawn():
    kept = ValueSample()
    kept.add(np.array([np.nan, 1.0]), np.array([1.0, 1.0]), np.array([np.inf, 0.0]))
    assert (kept.largest, kept.points()[0]) == (np.inf, [1.0])


def test_nothing_that_is_a_number():
    kept = ValueSample()
    kept.add(np.array([np.nan]), np.array([np.nan]), np.array([0.0]))
    assert kept.points() == ([], [], [])


def test_the_same_calls_give_the_same_points():
    shares = np.random.default_rng(0).normal(size=3000)
    assert sample(shares).points() == sample(shares).points()
