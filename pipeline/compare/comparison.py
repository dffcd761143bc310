"""Two sets of arrays and a policy -> a comparison of each output. Pure: no files, no runtime."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context

import numpy as np

from pipeline.core.arrays import Array, is_text
from pipeline.settings.params import Parity


@dataclass(frozen=True)
class Policy:
    """Tolerances by dtype: a value passes when |got - expected| <= atol + rtol * |expected|.

    `default` (atol, rtol) is float32's and any other floating type's that `dtypes` does not name. Integers, booleans and
    strings must be equal.
    """

    default: tuple[float, float]
    dtypes: Mapping[str, tuple[float, float]]

    def tolerances(self, array: Array) -> tuple[float, float]:
        if array.dtype.kind != "f":
            return 0.0, 0.0
        return self.dtypes.get(array.dtype.name, self.default)


# No setting: it only tells a different function from different rounding. `validate` is the gate.
COARSE = Policy((1e-3, 1e-2), {"float16": (0.1, 0.1)})


def make_policy(parity: Parity) -> Policy:
    """The policy that the settings `parity` describe."""
    return Policy((parity.atol, parity.rtol), {name: (t.atol, t.rtol) for name, t in parity.dtypes.items()})


@dataclass(frozen=True)
class OutputComparison:
    """What comparing one output gave; numbers are None when there was nothing to subtract.

    `required_tolerance` is the smallest atol that would have passed (at the policy's rtol), so
    `passed` means `required_tolerance <= tolerance`. `used` is the largest share of what is allowed,
    |got - expected| / (atol + rtol * |expected|): 1 is the limit. `problem` says what failed, and is empty when nothing did.
    """

    output: str
    passed: bool
    values: int
    max_abs: float | None
    max_rel: float | None
    mean_abs: float | None
    tolerance: float
    rtol: float
    required_tolerance: float | None
    used: float | None
    problem: str


def compare(expected: Mapping[str, Array], got: Mapping[str, Array], policy: Policy) -> list[OutputComparison]:
    """A comparison for every name that either side has, in `expected`'s order; nothing expected is a failure too."""
    if not expected:
        return [failure("(none)", "there is no expected output: nothing was compared")]
    comparisons = [_compare_output(name, array, got.get(name), policy) for name, array in expected.items()]
    extra = [failure(name, f"output {name!r} is not expected") for name in got if name not in expected]
    return comparisons + extra


def severity(comparison: OutputComparison) -> tuple[bool, float, float]:
    """Sort key of comparisons of one output, the worst last."""
    required = (
        np.inf
        if comparison.required_tolerance is None and not comparison.passed
        else comparison.required_tolerance or 0.0
    )
    return not comparison.passed, required, comparison.max_abs or 0.0


def failure(output: str, problem: str, tolerance: float = 0.0, rtol: float = 0.0, values: int = 0) -> OutputComparison:
    """A failed comparison where there was nothing to subtract."""
    return OutputComparison(output, False, values, None, None, None, tolerance, rtol, None, None, problem)


def _compare_output(name: str, expected: Array, got: Array | None, policy: Policy) -> OutputComparison:
    atol, rtol = policy.tolerances(expected)
    if got is None:
        return failure(name, f"output {name!r} is missing", atol, rtol)
    if _dtype_name(got) != _dtype_name(expected):
        return failure(name, f"output {name!r}: expected dtype {expected.dtype}, got {got.dtype}", atol, rtol)
    if got.shape != expected.shape:
        return failure(name, f"output {name!r}: expected shape {expected.shape}, got {got.shape}", atol, rtol)
    if not expected.size:
        return failure(name, f"output {name!r}: shape {expected.shape} has no values: nothing was compared", atol, rtol)
    if is_text(expected):
        return _compare_equal(name, expected, got)
    return _compare_numbers(name, expected, got, atol, rtol)


def _dtype_name(array: Array) -> str:
    return "string" if is_text(array) else array.dtype.name


def _compare_equal(name: str, expected: Array, got: Array) -> OutputComparison:
    differs = np.asarray(expected.astype(object) != got.astype(object))
    problem = _describe_place(name, differs, expected, got) if differs.any() else ""
    return OutputComparison(name, not problem, expected.size, None, None, None, 0.0, 0.0, None, None, problem)


def _compare_numbers(name: str, expected: Array, got: Array, atol: float, rtol: float) -> OutputComparison:
    # Wider than both, so that the subtraction neither overflows (uint8) nor rounds (int64 beside 2**53).
    wide = np.float64 if expected.dtype.kind in "fb" else np.longdouble
    e, g = expected.astype(wide), got.astype(wide)
    special = (np.isnan(e) != np.isnan(g)) | ((np.isinf(e) | np.isinf(g)) & (e != g))
    if special.any():
        return failure(name, _describe_place(name, special, expected, got), atol, rtol, expected.size)
    finite = np.isfinite(e)
    if not finite.any():
        return OutputComparison(name, True, expected.size, 0.0, 0.0, 0.0, atol, rtol, 0.0, 0.0, "")
    difference = np.where(finite, np.abs(np.where(finite, g, 0) - np.where(finite, e, 0)), 0)
    magnitude = np.where(finite, np.abs(e), 0)
    needed = np.maximum(difference - rtol * magnitude, 0)
    required = float(needed.max())
    passed = required <= atol
    problem = ""
    if not passed:
        problem = f"{_describe_place(name, needed == needed.max(), expected, got)}; smallest atol that passes: {round_up(required):g} (now {atol:g})"
    nonzero = magnitude > 0
    allowed = atol + rtol * magnitude
    counted = allowed > 0
    return OutputComparison(
        output=name,
        passed=passed,
        values=expected.size,
        max_abs=float(difference.max()),
        max_rel=float((difference[nonzero] / magnitude[nonzero]).max()) if nonzero.any() else None,
        mean_abs=float(difference[finite].mean()),
        tolerance=atol,
        rtol=rtol,
        required_tolerance=required,
        used=float((difference[counted] / allowed[counted]).max()) if counted.any() else None,
        problem=problem,
    )


def round_up(value: float) -> float:
    """`value` to three significant digits, never less: a tolerance that is printed must pass."""
    return float(Context(prec=3, rounding=ROUND_CEILING).create_decimal(repr(value)))


def _describe_place(name: str, bad: Array, expected: Array, got: Array) -> str:
    """The first place where `bad` holds, as "output 'x', row 2, index [3]: expected 1, got 2"."""
    place = tuple(int(i) for i in np.argwhere(bad)[0])
    row = f", row {place[0]}" if place else ""
    index = f", index {list(place[1:])}" if len(place) > 1 else ""
    return f"output {name!r}{row}{index}: expected {expected[place]!s}, got {got[place]!s}"
