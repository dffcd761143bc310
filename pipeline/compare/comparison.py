"""Two sets of arrays and a policy -> a comparison of each output. Pure: no files, no runtime."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Context

import numpy as np

from pipeline.compare.policy import Policy, Tolerance, scale_of_values
from pipeline.compare.similarity import largest_ulp, least_cosine, top1_agreement
from pipeline.core.arrays import Array, is_text

# A number below the smallest normal one may be flushed to zero.
FLUSHED = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class OutputComparison:
    """What comparing one output gave; numbers are None when there was nothing to subtract.

    `tolerance` is the absolute tolerance beside `rtol`: a share of `scale`, and a floor. `required_tolerance` is the smallest
    that would have passed (None for what must be equal), so `passed` means `required_tolerance <= tolerance`. Where
    channels have scales of their own, all three are those of the channel that came closest to its limit. `used` is the largest share of what
    is allowed, |got - expected| / (tolerance + rtol * |expected|): 1 is the limit. `problem` says what failed, and is
    empty when nothing did; `exempt` is the reason why that does not matter.
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
    scale: float | None = None
    exempt: str = ""


def compare(expected: Mapping[str, Array], got: Mapping[str, Array], policy: Policy) -> list[OutputComparison]:
    """A comparison for every name that either side has, in `expected`'s order; nothing expected is a failure too."""
    if not expected:
        return [failure("(none)", "there is no expected output: nothing was compared")]
    comparisons = [_compare_output(name, array, got.get(name), policy) for name, array in expected.items()]
    extra = [failure(name, f"output {name!r} is not expected") for name in got if name not in expected]
    return comparisons + extra


def severity(comparison: OutputComparison) -> tuple[bool, float, float]:
    """Sort key of comparisons of one output, the worst last."""
    required = comparison.required_tolerance
    if required is None:
        required = 0.0 if comparison.passed else np.inf
    return not comparison.passed, required, comparison.max_abs or 0.0


def failure(output: str, problem: str, values: int = 0) -> OutputComparison:
    """A failed comparison where there was nothing to subtract."""
    return OutputComparison(output, False, values, None, None, None, 0.0, 0.0, None, None, problem)


def _compare_output(name: str, expected: Array, got: Array | None, policy: Policy) -> OutputComparison:
    if got is None:
        return failure(name, f"output {name!r} is missing")
    if _dtype_name(got) != _dtype_name(expected):
        return failure(name, f"output {name!r}: expected dtype {expected.dtype}, got {got.dtype}")
    if got.shape != expected.shape:
        return failure(name, f"output {name!r}: expected shape {expected.shape}, got {got.shape}")
    if not expected.size:
        return failure(name, f"output {name!r}: shape {expected.shape} has no values: nothing was compared")
    if is_text(expected):
        comparison = _compare_text(name, expected, got)
    elif expected.dtype.kind != "f":
        comparison = _compare_exactly(name, expected, got)
    else:
        comparison = _compare_numbers(name, expected, got, policy)
    reason = policy.exempt.get(name, "")
    return replace(comparison, passed=True, exempt=reason) if reason else comparison


def _dtype_name(array: Array) -> str:
    return "string" if is_text(array) else array.dtype.name


def _compare_text(name: str, expected: Array, got: Array) -> OutputComparison:
    differs = np.asarray(expected.astype(object) != got.astype(object))
    problem = _describe_place(name, differs, expected, got) if differs.any() else ""
    return OutputComparison(name, not problem, expected.size, None, None, None, 0.0, 0.0, None, None, problem)


def _compare_exactly(name: str, expected: Array, got: Array) -> OutputComparison:
    """Integers and booleans: subtracted in a type that neither overflows (uint8) nor rounds (int64 beside 2**53)."""
    wide = np.float64 if expected.dtype.kind == "b" else np.longdouble
    difference = np.abs(got.astype(wide) - expected.astype(wide))
    magnitude = np.abs(expected.astype(wide))
    problem = ""
    if difference.any():
        problem = f"{_describe_place(name, difference == difference.max(), expected, got)} ({_count(difference > 0)} of {difference.size:,} values differ)"
    return OutputComparison(
        output=name,
        passed=not problem,
        values=expected.size,
        max_abs=float(difference.max()),
        max_rel=_largest_relative(difference, magnitude),
        mean_abs=float(difference.mean()),
        tolerance=0.0,
        rtol=0.0,
        required_tolerance=None if problem else 0.0,
        used=None,
        problem=problem,
    )


def allowed_difference(expected: Array, tolerance: Tolerance, scales: Array) -> Array:
    """By how much each answer may differ, float64, of `expected`'s shape; `scales` has the scale of each of its values."""
    magnitude = np.abs(np.where(np.isfinite(expected), expected, 0).astype(np.float64))
    return np.asarray(tolerance.atol * scales + tolerance.floor + FLUSHED + tolerance.rtol * magnitude)


def share_of_allowed(name: str, expected: Array, got: Array, policy: Policy) -> Array | None:
    """(got - expected) / what is allowed, of each value: float64, infinite where a NaN or an infinity stands on one side alone.

    None for what must be equal: integers, booleans, text, and floating answers without a tolerance.
    """
    if expected.dtype.kind != "f":
        return None
    tolerance = policy.tolerance(name, expected.dtype)
    if not (tolerance.atol or tolerance.rtol or tolerance.floor):
        return None
    e, g = expected.astype(np.float64), got.astype(np.float64)
    scales = np.broadcast_to(scale_of_values(policy.scale(name), expected), expected.shape)
    alike = (np.isnan(e) & np.isnan(g)) | (e == g)
    finite = np.isfinite(e) & np.isfinite(g)
    difference = np.where(finite, g, 0) - np.where(finite, e, 0)
    shares = difference / allowed_difference(expected, tolerance, scales)
    return np.asarray(np.where(alike | finite, shares, np.inf))


def _compare_numbers(name: str, expected: Array, got: Array, policy: Policy) -> OutputComparison:
    tolerance = policy.tolerance(name, expected.dtype)
    e, g = expected.astype(np.float64), got.astype(np.float64)
    special = (np.isnan(e) != np.isnan(g)) | ((np.isinf(e) | np.isinf(g)) & (e != g))
    if special.any():
        return failure(name, _describe_place(name, special, expected, got), expected.size)
    finite = np.isfinite(e)
    difference = np.abs(np.where(finite, g, 0) - np.where(finite, e, 0))
    magnitude = np.where(finite, np.abs(e), 0)
    scales = np.broadcast_to(scale_of_values(policy.scale(name), expected), expected.shape)
    floor = tolerance.floor + FLUSHED
    needed = np.maximum(difference - tolerance.rtol * magnitude - floor, 0)
    # In units of parity.atol; infinite where the scale is 0: then no atol passes.
    shares = np.divide(needed, scales, out=np.where(needed > 0, np.inf, 0.0), where=scales > 0)
    used = difference / allowed_difference(expected, tolerance, scales)
    worst = np.unravel_index(np.argmax(shares if shares.any() else used), shares.shape)
    scale, share = float(scales[worst]), float(shares[worst])
    absolute = tolerance.atol * scale + tolerance.floor
    required = float(needed[worst]) + tolerance.floor if needed[worst] > 0 else 0.0
    passed = share <= tolerance.atol
    problem = ""
    if not passed:
        place = _describe_place(name, shares == shares.max(), expected, got)
        problem = f"{place}; allowed here {tolerance.atol * scale + floor + tolerance.rtol * magnitude[worst]:.3g}"
        if np.isfinite(share):
            problem += f"; smallest parity.atol that passes: {round_up(share):g} (now {tolerance.atol:g}) of the output's scale {scale:.3g}"
        else:
            problem += "; every answer of this output, or of this channel, is 0 in PyTorch: only parity.floor allows a difference"
    unlike = "; ".join(_unlike(name, expected, got, tolerance))
    return OutputComparison(
        output=name,
        passed=passed and not unlike,
        values=expected.size,
        max_abs=float(difference.max()),
        max_rel=_largest_relative(difference, magnitude),
        mean_abs=float(difference[finite].mean()) if finite.any() else 0.0,
        tolerance=absolute,
        rtol=tolerance.rtol,
        required_tolerance=required,
        used=float(used.max()) if tolerance.atol or tolerance.rtol or tolerance.floor else None,
        problem=problem or unlike,
        scale=scale,
    )


def _unlike(name: str, expected: Array, got: Array, tolerance: Tolerance) -> Iterator[str]:
    """Which of the further conditions do not hold."""
    if (
        tolerance.cosine is not None
        and (cosine := least_cosine(expected, got)) is not None
        and cosine < tolerance.cosine
    ):
        yield f"output {name!r}: expected a cosine with PyTorch's answer of at least {tolerance.cosine} (parity.cosine), got {cosine:.9f}"
    if tolerance.top1 is not None and expected.ndim and (share := top1_agreement(expected, got)) < tolerance.top1:
        yield f"output {name!r}: expected the largest value at the same index in at least {tolerance.top1:.4%} of the rows (parity.top1), got {share:.4%}"
    if tolerance.ulp is not None and (distance := largest_ulp(expected, got)) > tolerance.ulp:
        yield f"output {name!r}: expected at most {tolerance.ulp} units in the last place (parity.ulp), got {distance:,.0f}"


def _largest_relative(difference: Array, magnitude: Array) -> float | None:
    nonzero = magnitude > 0
    return float((difference[nonzero] / magnitude[nonzero]).max()) if nonzero.any() else None


def _count(places: Array) -> str:
    return f"{int(places.sum()):,}"


def round_up(value: float) -> float:
    """`value` to three significant digits, never less: a tolerance that is printed must pass."""
    return float(Context(prec=3, rounding=ROUND_CEILING).create_decimal(repr(value)))


def _describe_place(name: str, bad: Array, expected: Array, got: Array) -> str:
    """The first place where `bad` holds, as "output 'x', row 2, index [3]: expected 1, got 2"."""
    place = tuple(int(i) for i in np.argwhere(bad)[0])
    row = f", row {place[0]}" if place else ""
    index = f", index {list(place[1:])}" if len(place) > 1 else ""
    return f"output {name!r}{row}{index}: expected {expected[place]!s}, got {got[place]!s}"
