"""Two scores on the same rows -> how many rows changed, and a bound of what that may cost. Pure, and seeded."""

import math

import numpy as np

from pipeline.core.arrays import Array
from pipeline.core.errors import PipelineError
from pipeline.core.parity_report import PairedScore
from pipeline.metrics.score import Score

CONFIDENCE = 0.95
# Of the paired bootstrap.
RESAMPLES, SEED = 500, 0
# Answers that differ by less, relative to themselves or to the largest of them, have not changed: it is rounding.
RELATIVE, ABSOLUTE = 1e-4, 1e-6


def pair(eager: Score, other: Score) -> PairedScore:
    """How `other`'s answers stand beside PyTorch's, row for row.

    The bound of the share of rows that get worse is Clopper and Pearson's (The use of confidence or fiducial limits, 1934),
    one-sided; that of the loss, for metrics without a value for each row, the 95th percentile of a paired bootstrap (Efron and
    Tibshirani, An introduction to the bootstrap, 1993): rows are drawn together, from both.

    Args:
        eager: PyTorch's score.
        other: A graph's, or .NET's, on the same rows.
    """
    changed = changed_rows(eager.answers, other.answers)
    loss = eager.metric.loss(eager.value, other.value)
    if eager.qualities is not None and other.qualities is not None:
        if eager.metric.takes != "values":  # right or wrong, whatever it was rounded from
            changed |= other.qualities != eager.qualities
        better = int((changed & (other.qualities > eager.qualities)).sum())
        worse = int((changed & (other.qualities < eager.qualities)).sum())
        bound = binomial_bound(worse, len(changed))
        return PairedScore(
            changed=int(changed.sum()), better=better, worse=worse, loss=loss, bound=bound, bound_of="worse rows"
        )
    bound = bootstrap_bound(eager, other) if changed.any() else max(loss, 0.0)
    return PairedScore(changed=int(changed.sum()), better=None, worse=None, loss=loss, bound=bound, bound_of="loss")


def rounding(eager: Score) -> float:
    """What the last bits of floating answers may move the metric by; 0 where answers are whole numbers or text."""
    if eager.answers.dtype.kind != "f":
        return 0.0
    if eager.metric.bounded:
        return RELATIVE
    scale = float(np.abs(eager.target).max()) if eager.target.dtype.kind in "fiu" else 0.0
    return RELATIVE * abs(eager.value) + ABSOLUTE * scale


def changed_rows(eager: Array, other: Array) -> Array:
    """Whether each row's answer is another, by more than rounding where it is floating: bool [rows]; all are of another shape."""
    if eager.shape != other.shape:
        return np.ones(len(eager), dtype=bool)
    differs: Array = np.array(eager != other, dtype=bool)
    if eager.dtype.kind == "f":
        least = ABSOLUTE * float(np.abs(eager[np.isfinite(eager)]).max(initial=0))
        differs = np.array(~np.isclose(other, eager, rtol=RELATIVE, atol=least, equal_nan=True))
    rows: Array = np.any(differs.reshape(len(eager), -1), axis=1)
    return rows


def binomial_bound(events: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """Upper bound of a share of which `events` of `trials` were seen: the p of which so few are seen with 1 - `confidence`."""
    if events >= trials:
        return 1.0
    counts = range(events + 1)
    ways = [math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1) for k in counts]
    low, high = events / trials, 1.0
    for _ in range(60):
        share = (low + high) / 2
        logs = [w + k * math.log(share) + (trials - k) * math.log1p(-share) for k, w in zip(counts, ways, strict=True)]
        if sum(map(math.exp, logs)) > 1 - confidence:
            low = share
        else:
            high = share
    return high


def bootstrap_bound(eager: Score, other: Score) -> float:
    """The loss that 95 of 100 samples of as many rows, drawn with replacement, do not exceed."""
    rng = np.random.default_rng(SEED)
    losses = [eager.metric.loss(eager.value, other.value)]
    for _ in range(RESAMPLES):
        rows = rng.integers(0, len(eager), size=len(eager))
        try:
            values = [eager.metric.measure(score.answers[rows], score.target[rows]) for score in (eager, other)]
        except PipelineError:
            continue  # a sample without a row of some class, which the metric needs
        losses.append(eager.metric.loss(*values))
    return float(np.quantile(losses, CONFIDENCE, method="higher"))
