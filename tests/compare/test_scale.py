"""How large an output's values are."""

import numpy as np
import pytest

from pipeline.compare.scale import hardly_varies, measure_scale, typical_size
from pipeline.core.arrays import Array
from pipeline.core.contract import OutputScale

NORMAL = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
EPS = float(np.finfo(np.float32).eps)


def measure(rows: Array, moved: Array | None = None, *, batched: bool = True) -> OutputScale:
    call = rows if batched else rows[0]
    pairs = [] if moved is None else [(call, moved)]
    axes = [axis for axis, size in enumerate(call.shape) if size > 1 and not (batched and axis == 0)]
    return measure_scale([call], rows, pairs, axes, batched=batched)


@pytest.mark.parametrize("factor", [1e-7, 1.0, 1e9])
def test_the_scale_goes_with_the_values(factor: float) -> None:
    assert typical_size(NORMAL * factor) == pytest.approx(typical_size(NORMAL) * factor, rel=1e-5)
    assert 1.5 < typical_size(NORMAL) < 1.8  # the 90th percentile of |x| of a normal distribution is 1.645


@pytest.mark.parametrize("outlier", [1e30, np.inf, np.nan, -3.4e38])
def test_a_few_outliers_do_not_matter(outlier: float) -> None:
    values = NORMAL.copy()
    values[:10, 0] = outlier
    assert typical_size(values) < 2


@pytest.mark.parametrize("constant", [0.0, -1e9, -3.4e38])
def test_a_value_that_stands_for_something_does_not_matter(constant: float) -> None:
    values = NORMAL.copy()
    values[:, :2] = constant  # two thirds: what a mask writes, what a ReLU leaves
    assert 1 < typical_size(values) < 2


@pytest.mark.parametrize(
    ("values", "size"), [([0.0, 0.0], 0.0), ([np.nan], 0.0), ([2.0] * 300 + [0.0] * 300, 2.0), ([], 0.0)]
)
def test_the_scale_where_all_is_repeated(values: list[float], size: float) -> None:
    assert typical_size(np.array(values)) == size


def test_more_values_than_are_needed_are_thinned_out() -> None:
    many = np.random.default_rng(1).normal(size=3_000_000)
    assert typical_size(many) == pytest.approx(1.645, rel=0.01)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (NORMAL, False),
        (np.full((50, 2), 0.25, np.float32), True),
        (np.where(np.arange(100)[:, None] == 7, 1.0, 0.5) * np.ones(3), True),
        (0.5 + 1e-5 * NORMAL, True),
        (np.zeros((30, 1), np.int64), True),
        (np.arange(30)[:, None], False),
        (np.array(["a"] * 40, object), True),
        (np.array(["a", "b"] * 20, object), False),
        (np.ones((1, 3)), False),
    ],
)
def test_what_hardly_varies(rows: Array, expected: bool) -> None:
    assert hardly_varies(rows, typical_size(rows) if rows.dtype.kind == "f" else 0.0) is expected


def test_channels_that_differ_by_orders_of_magnitude_have_scales_of_their_own() -> None:
    scale = measure(NORMAL * np.array([300.0, 1e-7, 2.0], np.float32))
    assert scale.axis == 1
    assert scale.channels == pytest.approx([300 * 1.64, 1.64e-7, 2 * 1.64], rel=0.2)


def test_channels_that_are_much_alike_have_one_scale() -> None:
    assert measure(NORMAL * np.array([10.0, 1.0, 0.1], np.float32)).axis is None


def test_a_channel_of_nothing_but_rounding_has_no_scale_of_its_own() -> None:
    rows = NORMAL * np.array([1.0, 1e-8, 1.0], np.float32)
    moved = rows.copy()
    moved[:, 1] += 1e-7  # more than the channel itself
    scale = measure(rows, moved)
    assert scale.axis is None or scale.channels[1] > 0.5


def test_the_channels_of_a_call_without_rows() -> None:
    rows = np.random.default_rng(2).normal(size=(40, 2, 30)) * np.array([1.0, 1e-6])[:, None]
    assert measure(rows, batched=False).axis == 0


def test_rounding_is_the_largest_move_as_a_share() -> None:
    moved = NORMAL.copy()
    moved[3, 1] += 1e-4
    scale = measure(NORMAL, moved)
    assert scale.rounding == pytest.approx(1e-4 / (scale.scale + abs(float(NORMAL[3, 1]))), rel=0.02)
    assert measure(NORMAL).rounding == 0


def test_integers_and_text_have_no_scale() -> None:
    assert measure(np.arange(40)[:, None]).scale == 0
    assert measure_scale([], np.array(["a", "b"], object), [], [], batched=True).varies
