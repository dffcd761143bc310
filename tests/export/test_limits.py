"""The condition that a graph departs for, and the settings within which it is right."""

import numpy as np
import pytest

from pipeline.export.assumptions import Assumption
from pipeline.export.limits import find_bounds, find_limit
from size_conditions import AREA, EVEN, FULL, ODD, PICTURE, SHORT, VALUES


@pytest.mark.parametrize(
    ("assumption", "bounds"),
    [
        (SHORT, {"time": {"maximum": 16}}),
        (EVEN, {"time": {"multiple_of": 2}}),
        (Assumption("", "", ("time",), lambda s: s["time"] >= 4), {"time": {"minimum": 4}}),
        (ODD, {}),
        (VALUES, {}),
        (Assumption("", "", ("batch",), lambda s: s["batch"] <= 32), {}),
    ],
)
def test_the_bound_that_keeps_a_condition(assumption, bounds, model):
    assert find_bounds(assumption, FULL, model()) == bounds


def test_bounds_of_a_product_keep_it_in_every_corner(model):
    bounds = find_bounds(AREA, PICTURE, model(axes="{x: {0: batch, 2: height, 3: width}}"))
    assert bounds["height"]["maximum"] * bounds["width"]["maximum"] <= 256
    assert (bounds["height"]["maximum"], bounds["width"]["maximum"]) >= (12, 16)


def test_the_condition_that_is_broken_is_named_with_its_line_and_the_bound(trial):
    assert str(find_limit([EVEN, SHORT], {"time": 18}, trial())) == (
        "nets.py, line 5 (`if x.shape[1] > 16:`): compute the same at every size of an open axis, or set "
        "`+model.axes.time.maximum=16`, within which the graph is right (time <= 16)"
    )


def test_where_no_bound_fits_none_is_advised(trial):
    odd = trial()
    odd.pair = {"x": np.zeros((2, 7))}
    assert str(find_limit([ODD], {"time": 8}, odd)) == "the graph is right only where time % 2 != 0"


def test_where_all_conditions_hold_there_is_no_limit(trial):
    assert find_limit([SHORT, VALUES], {"time": 3}, trial()) is None
