import numpy as np
import pytest

from pipeline.compare.policy import Policy, Tolerance
from pipeline.departure.distance import WITHOUT_NUMBER, measure, share

POLICY = Policy(Tolerance(1e-5, 0.0))
VALUES = np.linspace(1, 2, 50, dtype=np.float64)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_values_of_any_size_are_judged_alike(size):
    expected = VALUES * size
    assert share(measure("v", expected, expected * (1 + 1e-5), POLICY)) == pytest.approx(1.05, abs=0.1)


@pytest.mark.parametrize("got", [None, np.ones(3), VALUES * np.nan], ids=["failed", "shape", "nan"])
def test_what_has_no_number_departs_most(got):
    assert share(measure("v", VALUES, got, POLICY)) == WITHOUT_NUMBER


def test_why_there_is_no_value_is_said():
    assert measure("v", VALUES, None, POLICY, "Reshape: no").problem == "Reshape: no"


def test_empty_values_are_equal():
    empty = np.zeros((0, 3), np.float32)
    assert measure("v", empty, empty, POLICY).passed
