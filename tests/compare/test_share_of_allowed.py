import numpy as np
import pytest

from pipeline.compare.comparison import compare, share_of_allowed
from pipeline.compare.policy import Policy, Tolerance
from pipeline.core.contract import OutputScale

POLICY = Policy(Tolerance(0.1, 0.01), scales={"y": OutputScale(scale=2.0)})


def shares(expected, got, policy=POLICY):
    return share_of_allowed("y", np.asarray(expected), np.asarray(got), policy)


def test_the_share_has_a_sign():
    assert shares([0.0, 0.0], [0.1, -0.4]) == pytest.approx([0.5, -2.0])


def test_a_larger_answer_may_differ_by_more():
    assert shares([100.0], [101.2]) == pytest.approx([1.0])


def test_the_largest_share_is_the_comparison_s():
    rng = np.random.default_rng(0)
    expected = rng.normal(size=(40, 3)).astype(np.float32)
    got = expected + rng.normal(size=expected.shape).astype(np.float32) * 0.1
    (compared,) = compare({"y": expected}, {"y": got}, POLICY)
    assert np.abs(shares(expected, got)).max() == compared.used


def test_channels_have_their_own_scale():
    scale = OutputScale(scale=1.0, axis=1, channels=[1.0, 100.0])
    policy = Policy(Tolerance(0.1, 0.0), scales={"y": scale})
    assert shares([[0.0, 0.0]], [[0.1, 0.1]], policy) == pytest.approx(np.array([[1.0, 0.01]]))


@pytest.mark.parametrize(("expected", "got"), [(np.nan, 1.0), (1.0, np.nan), (np.inf, 1.0), (np.inf, -np.inf)])
def test_a_nan_or_an_infinity_on_one_side_is_infinitely_far(expected, got):
    assert shares([expected], [got]).tolist() == [np.inf]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0])
def test_the_same_on_both_sides_is_equal(value):
    assert shares([value], [value]).tolist() == [0.0]


@pytest.mark.parametrize(
    "values", [np.array([1, 2]), np.array([True]), np.array(["a"], object)], ids=["int", "bool", "text"]
)
def test_what_must_be_equal_has_no_share(values):
    assert shares(values, values) is None


def test_without_a_tolerance_there_is_no_share():
    assert shares([1.0], [1.0], Policy(Tolerance(0.0, 0.0))) is None
