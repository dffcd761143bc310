import numpy as np
import pytest

from pipeline.core.contract import OutputScale
from pipeline.parity.movement import measure_movement, measure_rounding

TEN, ONE = OutputScale(scale=10.0), OutputScale(scale=1.0)


def f32(*values):
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (f32(1, 2), f32(1, 2), 0),
        (f32(1, 2), f32(1.5, 2), 0.05),
        (f32(100, 2), f32(150, 2), 0.5),  # a value above the scale is its own
        (f32(np.nan), f32(np.nan), 0),
        (f32(np.inf), f32(np.inf), 0),
        (f32(1), f32(np.nan), 1),
        (f32(np.inf), f32(-np.inf), 1),
        (f32(), f32(), 0),
        (np.array([1, 2]), np.array([1, 2]), 0),
        (np.array([1, 2]), np.array([1, 3]), 1),
        (np.array(["a"], object), np.array(["b"], object), 1),
    ],
)
def test_a_movement_is_in_units_of_the_scale(before, after, expected):
    assert measure_movement(before, after, TEN) == pytest.approx(expected)


def test_channels_have_scales_of_their_own():
    scale = OutputScale(scale=1.0, axis=1, channels=[1.0, 1e-6])
    assert measure_movement(f32([1, 1e-6]), f32([1, 2e-6]), scale) == pytest.approx(1, rel=1e-3)


def test_where_all_is_zero_the_unit_is_one():
    assert measure_movement(f32(0, 0), f32(0, 0.25), OutputScale(scale=0.0)) == 0.25


def test_rounding_is_three_times_that_of_the_healthy_graph():
    assert measure_rounding(f32(1, 2), f32(1, 2.5), ONE) == 3 * 0.25


def test_rounding_is_at_least_that_of_the_dtype():
    assert measure_rounding(f32(1, 2), f32(1, 2), ONE) == 3 * np.finfo(np.float32).eps


def test_integers_are_not_rounded():
    assert measure_rounding(np.array([1]), np.array([1]), OutputScale(scale=0.0)) == 0.0
