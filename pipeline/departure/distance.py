"""How far a value is from PyTorch's own: as a share of what the policy allows at that value's own scale. Pure.

A threshold on the error that has come together until a node finds no culprit: early errors are amplified or damped by all that
follows. What is compared here is relative to the value at hand, so that values of 1e-6 and of 1e6 are judged alike.
"""

from pipeline.compare.comparison import OutputComparison, compare, failure
from pipeline.compare.policy import Policy
from pipeline.compare.scale import typical_size
from pipeline.core.arrays import Array
from pipeline.core.contract import OutputScale

# Stands for a difference that has no number: another shape, NaN, an integer that is not the same.
WITHOUT_NUMBER = 1e9


def measure(name: str, expected: Array, got: Array | None, policy: Policy, problem: str = "") -> OutputComparison:
    """One value beside PyTorch's own.

    Args:
        name: The value's.
        expected: PyTorch's.
        got: The graph's; None where it could not be computed.
        policy: The gate's; the scale is the value's own.
        problem: Why it could not be computed.
    """
    if got is None:
        return failure(name, problem or f"{name!r} could not be computed")
    if not expected.size and got.shape == expected.shape and got.dtype == expected.dtype:
        return OutputComparison(name, True, 0, None, None, None, 0.0, 0.0, None, None, "")
    scale = typical_size(expected) if expected.dtype.kind == "f" else 0.0
    (comparison,) = compare({name: expected}, {name: got}, policy.with_scales({name: OutputScale(scale=scale)}))
    return comparison


def share(comparison: OutputComparison) -> float:
    """How much of what is allowed is used: 1 is the limit."""
    if comparison.used is not None and comparison.max_abs is not None:
        return min(comparison.used, WITHOUT_NUMBER)
    return 0.0 if comparison.passed else WITHOUT_NUMBER
