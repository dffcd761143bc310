"""How far an answer moved, in units of its output's scale. Pure."""

import numpy as np

from pipeline.compare.policy import scale_of_values
from pipeline.core.arrays import Array
from pipeline.core.contract import OutputScale

# How many times as far as the healthy graph's own rounding is still rounding.
ROUNDING = 3


def measure_movement(before: Array, after: Array, scale: OutputScale) -> float:
    """The largest difference of two answers of one shape and dtype, in units of the output's (or the channel's) scale.

    A value above the scale is its own scale, as it is where a tolerance is relative; where all golden answers are 0 the unit is 1.
    Where one is NaN or infinite and the other is not, or anything but a floating number differs, the answer moved by its whole
    scale.
    """
    if before.dtype.kind != "f":
        return float(np.any(before != after))
    b, a = before.astype(np.float64), after.astype(np.float64)
    finite = np.isfinite(b) & np.isfinite(a)
    special = bool((~finite & (b != a) & ~(np.isnan(b) & np.isnan(a))).any())
    if special or not b.size:
        return float(special)
    b, a = np.where(finite, b, 0), np.where(finite, a, 0)
    units = scale_of_values(scale, before)
    return float((np.abs(a - b) / np.maximum(np.abs(b), np.where(units > 0, units, 1.0))).max())


def measure_rounding(expected: Array, healthy: Array, scale: OutputScale) -> float:
    """By how much an answer may move and be only rounded otherwise, in units of the scale.

    `ROUNDING` times the difference between the healthy graph and PyTorch, or the unit in the last place where they agree to the
    bit; nothing where the output is of no floating type.
    """
    if expected.dtype.kind != "f":
        return 0.0
    return ROUNDING * max(measure_movement(expected, healthy, scale), float(np.finfo(expected.dtype).eps))
