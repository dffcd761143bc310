import numpy as np
import pytest

from pipeline.parity.movement import measure_movement, measure_scales, rounding


def f32(*values):
    return np.array(values, np.float32)


def test_the_scale_is_that_of_nine_values_in_ten():
    answers = [{"y": np.arange(1, 101, dtype=np.float32), "label": np.arange(3)}]
    assert measure_scales(answers) == {"y": pytest.approx(90.1)}


def test_zeros_and_what_is_not_finite_have_no_scale():
    assert measure_scales([{"y": f32(0, 0, 0, 2, np.nan, np.inf)}]) == {"y": 2.0}


def test_an_output_of_zeros_has_the_scale_one():
    assert measure_scales([{"y": f32(0, 0)}]) == {"y": 1.0}


def test_the_scale_is_that_of_all_calls_together():
    assert measure_scales([{"y": f32(1)}, {"y": f32(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 100)}]) == {"y": 1.0}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (f32(1, 2), f32(1, 2), (0, 0)),
        (f32(1, 2), f32(1.5, 2), (0.5, 0.05)),
        (f32(100, 2), f32(150, 2), (50, 0.5)),  # a value above the scale is its own
        (f32(np.nan), f32(np.nan), (0, 0)),
        (f32(np.inf), f32(np.inf), (0, 0)),
        (f32(1), f32(np.nan), (1, 1)),
        (f32(np.inf), f32(-np.inf), (1, 1)),
        (f32(), f32(), (0, 0)),
        (np.array([1, 2]), np.array([1, 2]), (0, 0)),
        (np.array([1, 2]), np.array([1, 3]), (1, 1)),
        (np.array(["a"], object), np.array(["b"], object), (1, 1)),
    ],
)
def test_a_movement_is_in_units_of_the_scale(before, after, expected):
    assert measure_movement(before, after, 10.0) == pytest.approx(expected)


def test_channels_have_scales_of_their_own():
    difference, units = measure_movement(f32([1, 1e-6]), f32([1, 2e-6]), np.array([1, 1e-6]))
    assert (difference, units) == pytest.approx((1e-6, 1), rel=1e-3)


def test_rounding_is_three_times_that_of_the_healthy_graph():
    assert rounding(f32(1, 2), f32(1, 2.5), 1.0) == 1.5


def test_rounding_is_at_least_that_of_the_dtype():
    assert rounding(f32(1, 2), f32(1, 2), 8.0) == 3 * 8 * np.finfo(np.float32).eps
