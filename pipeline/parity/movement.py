"""How far an answer moved, in units of its output's scale. Pure."""

from collections.abc import Iterable, Mapping

import numpy as np

from pipeline.core.arrays import Array

# The scale of an output: so many percent of its values are not larger.
PERCENTILE = 90
# How many times as far as the healthy graph's own rounding is still rounding.
ROUNDING = 3


def measure_scales(answers: Iterable[Mapping[str, Array]]) -> dict[str, float]:
    """The scale of each floating output over its golden answers; values that are zero or not finite do not count, 1 without any."""
    values: dict[str, list[Array]] = {}
    for outputs in answers:
        for name, array in outputs.items():
            if array.dtype.kind == "f":
                magnitude = np.abs(array.astype(np.float64)).reshape(-1)
                values.setdefault(name, []).append(magnitude[np.isfinite(magnitude) & (magnitude > 0)])
    magnitudes = {name: np.concatenate(parts) for name, parts in values.items()}
    return {name: float(np.percentile(all_, PERCENTILE)) if all_.size else 1.0 for name, all_ in magnitudes.items()}


def measure_movement(before: Array, after: Array, scale: float | Array) -> tuple[float, float]:
    """The largest difference of two answers of one shape, and the largest in units of the scale.

    A value above the scale is its own scale, as it is where a tolerance is relative. Where one is NaN or infinite and the other
    is not, or anything but a floating number differs, the answer moved by its whole scale.

    Args:
        before: One answer.
        after: Another, of its shape and dtype.
        scale: Of the output, or one for each of its channels, the last axis.
    """
    if before.dtype.kind != "f":
        differs = float(np.any(before != after))
        return differs, differs
    b, a = before.astype(np.float64), after.astype(np.float64)
    finite = np.isfinite(b) & np.isfinite(a)
    special = bool((~finite & (b != a) & ~(np.isnan(b) & np.isnan(a))).any())
    b, a = np.where(finite, b, 0), np.where(finite, a, 0)
    if special or not b.size:
        return float(special), float(special)
    difference = np.abs(a - b)
    return float(difference.max()), float((difference / np.maximum(np.abs(b), scale)).max())


def rounding(expected: Array, healthy: Array, scale: float | Array) -> float:
    """By how much an answer may move and be only rounded otherwise.

    `ROUNDING` times the difference between the healthy graph and PyTorch, or the unit in the last place of the scale where they
    agree to the bit.
    """
    difference, _ = measure_movement(expected, healthy, scale)
    return ROUNDING * max(difference, float(np.finfo(expected.dtype).eps) * float(np.max(scale)))
