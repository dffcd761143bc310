import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest

from pipeline.compare.comparison import compare, round_up
from pipeline.compare.policy import Policy, Tolerance
from pipeline.core.contract import OutputScale

EXACT = Policy(Tolerance(0.0, 0.0), {})
LOOSE = Policy(Tolerance(1e-5, 1e-4), {"float16": Tolerance(1e-2, 1e-2), "float64": Tolerance(1e-9, 0.0)})


def one(expected, got, policy=LOOSE, dtype=None):
    """The only verdict on one output."""
    (verdict,) = compare({"y": np.array(expected, dtype)}, {"y": np.array(got, dtype)}, policy)
    return verdict


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int8", "uint8", "int64", "uint64", "bool", "str"])
def test_equal_arrays_pass_at_no_tolerance(dtype):
    verdict = one([[0, 1], [1, 0]], [[0, 1], [1, 0]], EXACT, dtype)
    assert (verdict.passed, verdict.problem, verdict.values) == (True, "", 4)


def test_numbers():
    verdict = one(
        [1.0, -2.0, 0.0], [1.5, -2.0, 0.25], Policy(Tolerance(0.5, 0.125), {"float64": Tolerance(0.5, 0.125)})
    )
    assert asdict(verdict) == {
        "output": "y",
        "passed": True,
        "values": 3,
        "max_abs": 0.5,
        "max_rel": 0.5,
        "mean_abs": 0.25,
        "tolerance": 0.5,
        "rtol": 0.125,
        "required_tolerance": 0.375,
        "used": 0.8,
        "problem": "",
        "scale": 1.0,
        "exempt": "",
    }


def test_the_place_of_the_worst_value_is_named():
    expected = np.zeros((2, 3), np.float32)
    got = expected.copy()
    got[0, 1], got[1, 2] = 0.1, 0.5
    assert one(expected, got).problem == (
        "output 'y', row 1, index [2]: expected 0.0, got 0.5; allowed here 1e-05; smallest parity.atol that passes: 0.5 (now 1e-05) of the "
        "output's scale 1"
    )


@pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [
        ("float16", (1e-2, 1e-2)),
        ("float32", (1e-5, 1e-4)),
        ("float64", (1e-9, 0.0)),
        ("int32", (0.0, 0.0)),
        ("bool", (0, 0)),
    ],
)
def test_the_tolerance_goes_by_dtype(dtype, tolerance):
    verdict = one([1], [1], LOOSE, dtype)
    assert (verdict.tolerance, verdict.rtol) == tolerance


NAN, INF = math.nan, math.inf


@pytest.mark.parametrize("values", [[NAN], [INF], [-INF], [NAN, INF, -INF, 1.0]])
def test_special_values_in_the_same_places_pass(values):
    verdict = one(values, values, EXACT)
    assert (verdict.passed, verdict.max_abs, verdict.required_tolerance) == (True, 0, 0)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        ([1, NAN], [1, 2]),
        ([1, 2], [1, NAN]),
        ([1, INF], [1, 2]),
        ([1, 2], [1, INF]),
        ([1, INF], [1, -INF]),
        ([1, NAN], [1, INF]),
    ],
)
def test_special_values_in_other_places_fail_at_any_tolerance(expected, got):
    verdict = one(expected, got, Policy(Tolerance(1e300, 1.0), {}), "float32")
    assert not verdict.passed
    assert verdict.required_tolerance is None
    assert verdict.problem.startswith("output 'y', row 1: expected ")


def test_a_difference_beside_special_values_is_measured():
    verdict = one([NAN, INF, 1.0], [NAN, INF, 1.5], Policy(Tolerance(0.1, 0.0), {}), "float32")
    assert (verdict.passed, verdict.max_abs, verdict.mean_abs) == (False, 0.5, 0.5)


@pytest.mark.parametrize(
    ("expected", "got", "says"),
    [
        (np.zeros(2, "f4"), np.zeros(2, "f8"), "expected dtype float32, got float64"),
        (np.zeros(2, "i4"), np.zeros(2, "i8"), "expected dtype int32, got int64"),
        (np.zeros(2, "?"), np.zeros(2, "u1"), "expected dtype bool, got uint8"),
        (np.array(["0"]), np.zeros(1), "expected dtype <U1, got float64"),
        (np.zeros((2, 3)), np.zeros((3, 2)), r"expected shape (2, 3), got (3, 2)"),
        (np.zeros((2, 1)), np.zeros(2), r"expected shape (2, 1), got (2,)"),
        (np.zeros(1), np.array(0.0), r"expected shape (1,), got ()"),
        (np.zeros((0, 3)), np.zeros((0, 3)), r"shape (0, 3) has no values: nothing was compared"),
    ],
)
def test_what_cannot_be_subtracted_fails(expected, got, says):
    (verdict,) = compare({"y": expected}, {"y": got}, Policy(Tolerance(1e9, 0), {}))
    assert (verdict.passed, verdict.problem) == (False, f"output 'y': {says}")


def test_a_missing_output_fails():
    (a, b) = compare({"a": np.ones(1), "b": np.ones(1)}, {"a": np.ones(1)}, EXACT)
    assert (a.passed, b.passed, b.problem) == (True, False, "output 'b' is missing")


def test_an_extra_output_fails():
    (a, b) = compare({"a": np.ones(1)}, {"b": np.ones(1), "a": np.ones(1)}, EXACT)
    assert (a.passed, b.passed, b.problem) == (True, False, "output 'b' is not expected")


@pytest.mark.parametrize("got", [{}, {"y": np.ones(1)}])
def test_nothing_expected_fails(got):
    (verdict,) = compare({}, got, LOOSE)
    assert (verdict.passed, verdict.values) == (False, 0)
    assert "nothing was compared" in verdict.problem


@pytest.mark.parametrize("kind", ["U", "O", "T"])
def test_text_must_be_equal(kind):
    dtype = np.dtypes.StringDType() if kind == "T" else kind
    expected, got = np.array(["a", "bc", "é"]), np.array(["a", "bd", "é"], dtype=dtype)
    (verdict,) = compare({"y": expected}, {"y": got}, LOOSE)
    assert (verdict.passed, verdict.problem) == (False, "output 'y', row 1: expected bc, got bd")


def test_text_of_another_width_may_be_equal():
    (verdict,) = compare({"y": np.array(["a"], "U1")}, {"y": np.array(["a"], object)}, EXACT)
    assert verdict.passed


@pytest.mark.parametrize(
    ("dtype", "expected", "got", "difference"),
    [
        ("uint8", 0, 255, 255),
        ("int8", -128, 127, 255),
        ("int64", 2**53, 2**53 + 1, 1),
        ("int64", -(2**63), 2**63 - 1, 2**64 - 1),
        ("uint64", 2**64 - 1, 2**64 - 2, 1),
        ("bool", True, False, 1),
        ("float16", 60000, -60000, 120000),
    ],
)
def test_the_difference_neither_wraps_nor_rounds(dtype, expected, got, difference):
    verdict = one([expected], [got], EXACT, dtype)
    assert (verdict.passed, verdict.max_abs, verdict.required_tolerance) == (
        False,
        float(difference),
        120000.0 if dtype == "float16" else None,
    )


def test_no_relative_error_where_zero_is_expected():
    assert one([0.0], [1.0]).max_rel is None


def test_nothing_is_used_where_nothing_is_allowed():
    assert one([1], [1], LOOSE, "int64").used is None


def test_used_beyond_one_is_a_failure():
    verdict = one([0.0, 0.0], [0.0, 3e-5], dtype="float32")
    assert verdict.used == pytest.approx(3)
    assert not verdict.passed


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("rtol", [0.0, 1e-4, 0.1])
@pytest.mark.parametrize("seed", range(5))
def test_the_required_tolerance_is_the_smallest_that_passes(dtype, rtol, seed):
    rng = np.random.default_rng(seed)
    expected = (rng.normal(size=(7, 5)) * 10.0 ** rng.integers(-3, 4, (7, 5))).astype(dtype)
    got = (expected * (1 + rng.normal(size=(7, 5)))).astype(dtype)

    def at(atol):
        (verdict,) = compare({"y": expected}, {"y": got}, Policy(Tolerance(atol, rtol), {}))
        return verdict

    required = at(0.0).required_tolerance
    assert required > 0
    assert at(required).passed
    assert not at(math.nextafter(required, 0)).passed


@pytest.mark.parametrize("seed", range(5))
def test_the_printed_tolerance_passes(seed):
    rng = np.random.default_rng(seed)
    expected = rng.normal(size=50).astype(np.float32)
    got = (expected + rng.normal(size=50) * 10.0 ** -rng.integers(1, 9)).astype(np.float32)
    printed = one(expected, got, EXACT).problem.partition("smallest parity.atol that passes: ")[2].split()[0]
    assert one(expected, got, Policy(Tolerance(float(printed), 0.0))).passed


@pytest.mark.parametrize("seed", range(20))
def test_round_up_is_never_less_and_little_more(seed):
    rng = np.random.default_rng(seed)
    for value in 10.0 ** rng.uniform(-300, 300, 200):
        rounded = round_up(float(value))
        assert value <= rounded <= value * 1.011
        assert float(f"{rounded:g}") == rounded


@pytest.mark.parametrize(
    ("value", "rounded"),
    [(0.0, 0.0), (1.0, 1.0), (0.1234, 0.124), (9.991, 10.0), (1e-5, 1e-5), (INF, INF), (255.0, 255.0)],
)
def test_round_up(value, rounded):
    assert round_up(value) == rounded


def test_a_verdict_fits_json():
    verdicts = compare({"a": np.array([NAN, INF, 1]), "b": np.ones(1)}, {"a": np.array([NAN, INF, 2])}, LOOSE)
    assert json.loads(json.dumps([asdict(v) for v in verdicts], allow_nan=False))[0]["max_abs"] == 1


def test_a_verdict_does_not_change():
    verdict = one([1.0], [1.0])
    with pytest.raises(AttributeError):
        verdict.passed = False
    assert replace(verdict, passed=False) != verdict


def scaled(**scale):
    return Policy(Tolerance(1e-5, 0.0), scales={"y": OutputScale(**scale)})


def test_the_tolerance_is_a_share_of_the_scale():
    policy = scaled(scale=1e-7)
    assert not one([1e-7, 2e-7], [1e-7, 1.9e-7], policy, "float32").passed
    assert one([1e-7, 2e-7], [1e-7, 2.000005e-7], policy, "float32").passed
    assert one([1e-7], [1e-7], policy, "float32").tolerance == pytest.approx(1e-12)


def test_the_printed_tolerance_is_a_share_too():
    problem = one([100.0], [101.0], scaled(scale=100.0)).problem
    assert "smallest parity.atol that passes: 0.01 (now 1e-05) of the output's scale 100" in problem


def test_each_channel_has_its_own_scale():
    policy = scaled(scale=100.0, axis=1, channels=[100.0, 1e-3])
    verdict = one([[1.0, 1.0]], [[1.0005, 1.0005]], policy, "float64")
    assert (verdict.passed, verdict.scale) == (False, 1e-3)
    assert one([[1.0, 1.0]], [[1.0005, 1.0]], policy, "float64").passed


def test_an_array_that_has_not_the_channels_goes_by_the_whole_scale():
    assert one([1.0, 1.0, 1.0], [1.0005, 1.0, 1.0], scaled(scale=100.0, axis=0, channels=[1.0, 1.0])).passed


def test_where_every_answer_is_zero_no_share_passes():
    verdict = one([0.0], [1e-6], scaled(scale=0.0))
    assert not verdict.passed
    assert "only parity.floor allows a difference" in verdict.problem


def test_a_floor_is_in_the_unit_of_the_output():
    policy = Policy(Tolerance(1e-5, 0.0, floor=0.5), scales={"y": OutputScale(scale=0.0)})
    assert one([0.0], [0.4], policy).passed
    assert not one([0.0], [0.6], policy).passed


def test_zeros_of_either_sign_and_flushed_numbers_are_equal():
    assert one([0.0, -0.0, 1e-40], [-0.0, 0.0, 0.0], scaled(scale=0.0), "float32").passed


def test_an_exempt_output_is_compared_and_not_judged():
    policy = Policy(Tolerance(0.0, 0.0), exempt={"y": "ties"})
    verdict = one([1.0], [2.0], policy)
    assert (verdict.passed, verdict.exempt, verdict.max_abs) == (True, "ties", 1.0)


@pytest.mark.parametrize(("expected", "got"), [([1.0], [1.0, 2.0]), ([1.0], [1]), ([], [])])
def test_no_exemption_from_shape_and_dtype(expected, got):
    (verdict,) = compare({"y": np.array(expected)}, {"y": np.array(got)}, Policy(Tolerance(0, 0), exempt={"y": "ties"}))
    assert not verdict.passed


@pytest.mark.parametrize(
    ("condition", "expected", "got", "says"),
    [
        ({"cosine": 0.999}, [[1.0, 0.0]], [[1.0, 0.5]], "expected a cosine with PyTorch's answer of at least 0.999"),
        ({"top1": 1.0}, [[0.4, 0.6], [1.0, 0.0]], [[0.6, 0.4], [1.0, 0.0]], "at least 100.0000% of the rows"),
        ({"ulp": 1}, [1.0], [1.0 + 3 * 2.0**-52], "expected at most 1 units in the last place (parity.ulp), got 3"),
    ],
)
def test_further_conditions_hold_too(condition, expected, got, says):
    verdict = one(expected, got, Policy(Tolerance(1.0, 1.0, **condition)))
    assert not verdict.passed
    assert says in verdict.problem
    assert one(expected, expected, Policy(Tolerance(1.0, 1.0, **condition))).passed
