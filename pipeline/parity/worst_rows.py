"""The rows that come closest to their limit or are beyond it, found call by call; no more are kept than are shown."""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from pipeline.core.answer_evidence import WorstRow
from pipeline.core.arrays import Array, Arrays, is_text
from pipeline.core.contract import Contract
from pipeline.core.golden import GoldenCall
from pipeline.parity.row_views import Answer, view_answer, view_input, view_texts

# Rows that are shown, at most where several outputs fail, and outputs of each.
ROWS, ROWS_FAILED, OUTPUTS = 6, 12, 6
# For rows of any output, beside those of one.
_ANY = ""


class _Row(NamedTuple):
    """A row that may be shown; `severity` is its largest share of what is allowed, infinite where what must be equal is not."""

    severity: float
    case: str
    place: int
    inputs: Arrays
    text: str | None
    answers: dict[str, Answer]


class RowKeeper:
    """Keeps the worst rows of each output and of all. The same row is in many calls, and counts once.

    Args:
        contract: The model's.
        judged: Outputs that are judged.
    """

    def __init__(self, contract: Contract, judged: frozenset[str]) -> None:
        self._contract, self._judged = contract, judged
        self._kept: dict[str, dict[str, _Row]] = {}

    def add(self, call: GoldenCall, answers: Mapping[str, Answer], rows: bool) -> None:
        """Look at the rows of one call; `rows` says whether the first axis is the row, or the call is one."""
        count = len(next(iter(answers.values())).expected) if rows else 1
        severities = {
            name: _severity(answer, count)
            for name, answer in answers.items()
            if name in self._judged and (not rows or len(answer.expected) == count)
        }
        if not severities:
            return
        severities = {_ANY: np.max([*severities.values()], axis=0)} | severities
        for output, severity in severities.items():
            kept = self._kept.setdefault(output, {})
            most = ROWS if output == _ANY else 1
            for place in np.argsort(-severity, kind="stable")[:most].tolist():
                row = _take(call, answers, place, float(severity[place]), rows)
                key = _fingerprint(row)
                if key not in kept or kept[key].severity < row.severity:
                    kept[key] = row
            self._kept[output] = _first(kept, most)

    def rows(self) -> list[WorstRow]:
        """The worst rows of all, and the worst of each output that is beyond its limit; the worst first."""
        chosen = dict(self._kept.get(_ANY, {}))
        for output, kept in self._kept.items():
            for key, row in kept.items():
                if output != _ANY and row.severity > 1 and len(chosen) < ROWS_FAILED:
                    chosen.setdefault(key, row)
        return [self._view(row) for row in _first(chosen, ROWS_FAILED).values()]

    def _view(self, row: _Row) -> WorstRow:
        inputs = [] if row.text is None else [view_texts("text", [row.text])]
        if row.text is None:
            inputs = [
                view_input(spec, row.inputs[spec.name]) for spec in self._contract.inputs if spec.name in row.inputs
            ]
        worst = sorted(row.answers, key=lambda name: -float(_severity(row.answers[name], 1)[0]))[:OUTPUTS]
        answers = [view_answer(spec, row.answers[spec.name]) for spec in self._contract.outputs if spec.name in worst]
        return WorstRow(case=row.case, row=row.place, inputs=inputs, answers=answers)


def _severity(answer: Answer, count: int) -> Array:
    """Of each of `count` rows, the largest share of what is allowed, [rows]."""
    if answer.used is None:
        differs = answer.expected != answer.got
        if answer.expected.dtype.kind == "f":
            differs &= ~(np.isnan(answer.expected) & np.isnan(answer.got))
        return np.where(np.asarray(differs).astype(bool).reshape(count, -1).any(axis=1), np.inf, 0.0)
    return np.asarray(np.abs(answer.used).reshape(count, -1).max(axis=1))


def _take(call: GoldenCall, answers: Mapping[str, Answer], place: int, severity: float, rows: bool) -> _Row:
    """One row of a call, copied: the arrays of the call are let go."""
    index: tuple[int, ...] = (place,) if rows else ()
    inputs = {name: _copy(array, index) for name, array in call.inputs.items()}
    sides = {
        name: Answer(
            _copy(answer.expected, index),
            _copy(answer.got, index),
            None if answer.used is None else _copy(answer.used, index),
        )
        for name, answer in answers.items()
        if not rows or len(answer.expected) > place
    }
    return _Row(severity, call.name, place, inputs, call.texts[place] if call.texts else None, sides)


def _copy(array: Array, index: tuple[int, ...]) -> Array:
    """One row as an array, where it is a single value too."""
    return np.array(array[index], dtype=array.dtype)


def _first(rows: Mapping[str, _Row], most: int) -> dict[str, _Row]:
    """The worst of `rows`, the worst first."""
    return dict(sorted(rows.items(), key=lambda item: -item[1].severity)[:most])


def _fingerprint(row: _Row) -> str:
    """What went in: the same row in another call has the same."""
    content = hashlib.sha256()
    for name, array in row.inputs.items():
        encoded = "\0".join(map(str, array.reshape(-1))).encode() if is_text(array) else array.tobytes()
        content.update(f"{name}\0{array.shape}\0".encode() + encoded)
    return content.hexdigest()
