"""How alike two arrays are as vectors, as choices, and as bits. Pure."""

import numpy as np

from pipeline.core.arrays import Array


def cosine_similarity(expected: Array, got: Array) -> float | None:
    """Of two vectors; None where there is none: fewer than two values, no floats, or a zero vector."""
    if expected.dtype.kind != "f" or expected.size < 2:
        return None
    e, g = expected.astype(np.float64).ravel(), got.astype(np.float64).ravel()
    lengths = float(np.linalg.norm(e) * np.linalg.norm(g))
    return float(e @ g) / lengths if np.isfinite(lengths) and lengths > 0 else None


def least_cosine(expected: Array, got: Array) -> float | None:
    """The smallest of all rows (the first axis; an array of one axis is one vector); None where no row has one."""
    pairs = zip(expected, got, strict=True) if expected.ndim > 1 else [(expected, got)]
    return min((cosine for e, g in pairs if (cosine := cosine_similarity(e, g)) is not None), default=None)


def top1_agreement(expected: Array, got: Array) -> float:
    """Share of the places along all axes but the last whose largest value stands at the same index of it."""
    return float(np.mean(expected.argmax(axis=-1) == got.argmax(axis=-1)))


def largest_ulp(expected: Array, got: Array) -> float:
    """The largest distance of two floating arrays of one dtype, in units in the last place of the larger value; NaN and infinity aside."""
    finite = np.isfinite(expected) & np.isfinite(got)
    e, g = expected[finite], got[finite]
    if not e.size:
        return 0.0
    unit = np.spacing(np.maximum(np.abs(e), np.abs(g))).astype(np.float64)
    return float((np.abs(e.astype(np.float64) - g.astype(np.float64)) / unit).max())
