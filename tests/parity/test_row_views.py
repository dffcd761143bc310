import numpy as np
import pytest

from pipeline.core.contract import TensorSpec
from pipeline.parity.row_views import (
    LONGEST_TEXT,
    MOST_ANSWERS,
    MOST_POINTS,
    Answer,
    find_pixels,
    scalar,
    view_answer,
    view_input,
)


def spec(minimum: float | None = None, maximum: float | None = None, **changes: object) -> TensorSpec:
    settings = {"name": "x", "dtype": "float32", "shape": [], "description": "", "unit": "", "labels": []}
    return TensorSpec.model_validate({**settings, "minimum": minimum, "maximum": maximum, **changes})


@pytest.mark.parametrize(
    ("shape", "seen"),
    [
        ((8, 8), (8, 8)),
        ((1, 8, 6), (8, 6)),
        ((3, 8, 6), (8, 6, 3)),
        ((8, 6, 3), (8, 6, 3)),
        ((8, 6, 4), (8, 6, 3)),
        ((8, 6, 1), (8, 6)),
    ],
)
def test_pixels_by_their_axes(shape, seen):
    assert find_pixels(np.zeros(shape, np.float32), spec()).shape == seen


def test_a_flat_square_with_a_range_is_a_picture():
    assert find_pixels(np.zeros(64, np.float32), spec(0, 16)).shape == (8, 8)


@pytest.mark.parametrize(
    ("row", "settings"),
    [
        (np.zeros(64, np.float32), {}),
        (np.zeros(65, np.float32), {"minimum": 0, "maximum": 1}),
        (np.zeros(16, np.float32), {"minimum": 0, "maximum": 1}),
        (np.zeros(64, np.float32), {"minimum": 0, "maximum": 1, "labels": ["a"] * 64}),
        (np.zeros((3, 8), np.float32), {}),
        (np.zeros((8, 8, 5), np.float32), {}),
        (np.zeros((2, 2, 3), np.float32), {}),
        (np.zeros((8, 8), np.bool_), {}),
        (np.float32(1), {}),
    ],
    ids=["no range", "no square", "small", "classes", "narrow", "five channels", "tiny", "truths", "one value"],
)
def test_what_is_no_picture(row, settings):
    assert find_pixels(np.asarray(row), spec(**settings)) is None


def test_a_picture_of_bytes_of_any_size():
    assert find_pixels(np.zeros((2, 5, 3), np.uint8), spec()).shape == (2, 5, 3)


def test_a_picture_has_its_range():
    view = view_input(spec(0, 16), np.zeros((8, 8), np.float32))
    assert (view.kind, view.low, view.high, view.shape) == ("picture", 0, 16, [8, 8])


def test_a_picture_without_a_range_has_that_of_its_values():
    row = np.array([[np.nan, 2.0, 5.0, 3.0]] * 4)
    assert (view_input(spec(), row).low, view_input(spec(), row).high) == (2, 5)


@pytest.mark.parametrize("shape", [(300,), (300, 1), (1, 300)])
def test_a_series_is_a_line_of_a_few_points(shape):
    view = view_input(spec(), np.arange(300.0).reshape(shape))
    assert (view.kind, view.shape, len(view.values), view.values[0], view.values[-1]) == (
        "line",
        [*shape],
        MOST_POINTS,
        0,
        299,
    )


def test_a_few_numbers_are_values():
    view = view_input(spec(), np.array([1.5, np.nan], np.float32))
    assert (view.kind, view.values) == ("values", [1.5, "nan"])


def test_a_long_text_is_cut():
    view = view_input(spec(dtype="string"), np.array("ä" * 1000, dtype=object))
    assert (view.kind, len(view.texts[0]), view.texts[0][-1]) == ("text", LONGEST_TEXT, "…")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (np.float32(0.1), 0.1),
        (np.float64("inf"), "inf"),
        (np.float64("-inf"), "-inf"),
        (np.int64(2**60 + 1), 2**60 + 1),
        (np.bool_(True), "true"),
        ("text", "text"),
    ],
)
def test_values_as_json_has_them(value, written):
    assert scalar(value) == pytest.approx(written) if isinstance(written, float) else scalar(value) == written


def answer(expected, got, used=None) -> Answer:
    return Answer(np.asarray(expected), np.asarray(got), None if used is None else np.asarray(used))


def test_a_short_answer_has_all_its_values():
    view = view_answer(spec(), answer([1.0, 2.0], [1.0, 2.5], [0.0, -3.0]))
    assert (view.expected, view.got, view.places, view.used, view.differs) == ([1, 2], [1, 2.5], [[0], [1]], 3.0, True)


def test_a_long_answer_has_those_that_differ_most():
    used = np.zeros((5, 20))
    used[3, 7] = -2.0
    view = view_answer(spec(), answer(np.zeros((5, 20)), np.zeros((5, 20)), used))
    assert (view.places[0], len(view.places), view.size) == ([3, 7], MOST_ANSWERS, 100)


def test_one_class_number():
    view = view_answer(spec(), answer(np.int64(3), np.int64(4)))
    assert (view.expected, view.got, view.places, view.used, view.differs) == ([3], [4], [[]], None, True)


def test_equal_texts_and_equal_nan_do_not_differ():
    assert not view_answer(spec(), answer(np.array(["a"], object), np.array(["a"], object))).differs
    assert not view_answer(spec(), answer([np.nan], [np.nan], [0.0])).differs


def test_what_cannot_be_subtracted_has_no_share():
    view = view_answer(spec(), answer([1.0], [np.nan], [np.inf]))
    assert (view.used, view.differs, view.got) == (None, True, ["nan"])


def test_an_answer_that_is_a_picture_has_both_sides():
    assert len(view_answer(spec(), answer(np.zeros((9, 9)), np.ones((9, 9)), np.ones((9, 9)))).pictures) == 2
