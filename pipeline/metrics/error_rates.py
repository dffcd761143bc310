"""Error rates of texts: edits that turn the answer into the target, over the target's length. Pure numpy."""

from collections.abc import Sequence

import numpy as np

from pipeline.core.arrays import Array, is_text
from pipeline.core.errors import PipelineError


def cer(answers: Array, target: Array, padding: int | None = None) -> float:
    """Character error rate: edits of characters in all rows, over all characters of the target.

    Edits are substitutions, deletions and insertions, as few as there can be (Levenshtein, Binary codes capable of correcting
    deletions, insertions, and reversals, 1966).

    Args:
        answers: Texts [rows], or the numbers of characters, integers [rows, length].
        target: Texts, or numbers, as the answers; the lengths may differ.
        padding: A number that is left out (padding, a blank), besides those below 0, which always are.

    Returns:
        0 at best, above 1 where more is inserted than was there; lower is better. torchmetrics' `CharErrorRate`.

    Raises:
        PipelineError: Neither texts nor numbers of that shape, one of each, or the target is empty.
    """
    return _rate("cer", character_edits(answers, target, padding), _sequences("cer", target, padding))


def wer(answers: Array, target: Array, padding: int | None = None) -> float:
    """Word error rate: as `cer`, of words, which white space parts; numbers are words."""
    return _rate("wer", word_edits(answers, target, padding), _sequences("wer", target, padding))


def character_edits(answers: Array, target: Array, padding: int | None = None) -> Array:
    """Edits of characters of each row: int64 [rows]."""
    return _edits("cer", answers, target, padding)


def word_edits(answers: Array, target: Array, padding: int | None = None) -> Array:
    """Edits of words of each row: int64 [rows]."""
    return _edits("wer", answers, target, padding)


def _rate(metric: str, edits: Array, target: list[Sequence[object]]) -> float:
    length = sum(map(len, target))
    if not length:
        raise PipelineError(f"{metric}: expected a `target` that is not empty, got {len(target)} empty rows")
    return float(edits.sum() / length)


def _edits(metric: str, answers: Array, target: Array, padding: int | None) -> Array:
    if is_text(answers) != is_text(target):
        kinds = ["texts" if is_text(array) else "numbers" for array in (answers, target)]
        raise PipelineError(
            f"{metric}: expected answers and `target` of one kind, got {kinds[0]} and {kinds[1]}: name the characters, by their numbers, in "
            "the output's `labels`"
        )
    pairs = zip(_sequences(metric, answers, padding), _sequences(metric, target, padding), strict=True)
    return np.array([_distance(row, wanted) for row, wanted in pairs], dtype=np.int64)


def _distance(left: Sequence[object], right: Sequence[object]) -> int:
    """Levenshtein's distance, a row of the table at a time."""
    numbers = {symbol: number for number, symbol in enumerate(dict.fromkeys([*left, *right]))}
    columns = np.array([numbers[symbol] for symbol in right], dtype=np.int64)
    steps = np.arange(len(columns) + 1)
    row = steps.copy()
    for place, symbol in enumerate(left, 1):
        without_insertion = np.empty_like(row)
        without_insertion[0] = place
        without_insertion[1:] = np.minimum(row[:-1] + (columns != numbers[symbol]), row[1:] + 1)
        # An insertion costs 1 a step to the right: the least of what stands further left, and the way from there.
        row = np.minimum.accumulate(without_insertion - steps) + steps
    return int(row[-1])


def _sequences(metric: str, array: Array, padding: int | None) -> list[Sequence[object]]:
    """What is edited in each row: its characters, its words, or its numbers."""
    if is_text(array) and array.ndim == 1:
        return [str(text).split() if metric == "wer" else str(text) for text in array.tolist()]
    if array.dtype.kind not in "iu" or array.ndim != 2:
        raise PipelineError(
            f"{metric} compares texts: expected texts [rows] or integers [rows, length], got {array.dtype}{list(array.shape)}"
        )
    return [[number for number in row if number >= 0 and number != padding] for row in array.tolist()]
