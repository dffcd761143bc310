"""Values of one output, call by call: a histogram of the share of what is allowed, and a sample with the worst ones in it."""

import numpy as np

from pipeline.core.answer_evidence import BINS_A_DECADE, HIGHEST, LOWEST, ErrorHistogram
from pipeline.core.arrays import Array

# Values of a sample, and of these the worst.
SAMPLE, WORST = 240, 24
_BINS = (HIGHEST - LOWEST) * BINS_A_DECADE


class ValueSample:
    """What is kept of an output's values; the same calls in the same order give the same sample."""

    def __init__(self) -> None:
        self.largest = 0.0
        self._equal = 0
        self._counts = np.zeros(_BINS, np.int64)
        # [values, 3]: expected, got, share of what is allowed.
        self._spread = np.zeros((0, 3))
        self._worst = np.zeros((0, 3))

    def add(self, expected: Array, got: Array, shares: Array) -> None:
        """Look at more values, arrays of one shape; `shares` as `share_of_allowed` gives them."""
        flat = np.abs(shares.reshape(-1))
        self.largest = max(self.largest, float(flat.max()))
        differs = flat[flat > 0]
        self._equal += flat.size - differs.size
        bins = np.floor((np.log10(differs) - LOWEST) * BINS_A_DECADE)
        self._counts += np.bincount(np.clip(bins, 0, _BINS - 1).astype(int), minlength=_BINS)
        finite = np.flatnonzero(np.isfinite(expected.reshape(-1)) & np.isfinite(got.reshape(-1)))
        if not finite.size:
            return
        triples = (expected.reshape(-1), got.reshape(-1), shares.reshape(-1))
        spread = finite[_evenly(finite.size, SAMPLE)]
        worst = finite[np.argsort(-flat[finite], kind="stable")[:WORST]]
        self._spread = np.concatenate([self._spread, np.stack([values[spread] for values in triples], axis=1)])
        candidates = np.concatenate([self._worst, np.stack([values[worst] for values in triples], axis=1)])
        self._worst = candidates[np.argsort(-np.abs(candidates[:, 2]), kind="stable")[:WORST]]

    def histogram(self) -> ErrorHistogram:
        return ErrorHistogram(equal=self._equal, counts=self._counts.tolist())

    def points(self) -> tuple[list[float], list[float], list[float]]:
        """Expected, got and share of at most SAMPLE values, with six digits: evenly from all calls, and the worst; each once."""
        spread = self._spread[_evenly(len(self._spread), SAMPLE - len(self._worst))]
        expected, got, shares = np.unique(np.concatenate([spread, self._worst]), axis=0).T
        return _write(expected), _write(got), _write(shares)


def _evenly(count: int, most: int) -> Array:
    """At most so many of `count` places, evenly."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(int)


def _write(values: Array) -> list[float]:
    return [float(f"{value:.6g}") for value in values]
