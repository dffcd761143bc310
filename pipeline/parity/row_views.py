"""One row as a person looks at it: pixels as a picture, text as text, a series as a line, the rest as values. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipeline.core.answer_evidence import AnswerView, Scalar, ValueView
from pipeline.core.arrays import Array, is_text
from pipeline.core.contract import TensorSpec
from pipeline.parity.png import draw

LONGEST_TEXT, MOST_TEXTS = 240, 6
MOST_POINTS, MOST_VALUES, MOST_ANSWERS = 120, 8, 10
# Shorter sides are a table, not a picture; a flat square has to be larger, and to have a range.
LEAST_SIDE, LEAST_SQUARE = 4, 8


class Answer(NamedTuple):
    """One output of one row on both sides; `used` has the share of what is allowed of each value, signed, None for what must be equal."""

    expected: Array
    got: Array
    used: Array | None


def view_input(spec: TensorSpec, row: Array) -> ValueView:
    """One input of one row, without the axis of rows."""
    shape = list(row.shape)
    if is_text(row):
        texts = [shorten(str(text)) for text in row.reshape(-1)[:MOST_TEXTS]]
        return ValueView(name=spec.name, kind="text", shape=shape, texts=texts)
    pixels = find_pixels(row, spec)
    if pixels is not None:
        low, high = _range(pixels, spec)
        return ValueView(
            name=spec.name, kind="picture", shape=shape, png=draw(pixels, low, high), low=_short(low), high=_short(high)
        )
    if max(row.shape, default=0) == row.size > MOST_VALUES:
        row = row.reshape(-1)
        places = np.linspace(0, row.size - 1, min(row.size, MOST_POINTS)).round().astype(int)
        return ValueView(name=spec.name, kind="line", shape=shape, values=[scalar(row[place]) for place in places])
    values = [scalar(value) for value in row.reshape(-1)[:MOST_VALUES]]
    return ValueView(name=spec.name, kind="values", shape=shape, values=values)


def view_texts(name: str, texts: Sequence[str]) -> ValueView:
    """Texts that the client makes inputs of."""
    return ValueView(name=name, kind="text", shape=[], texts=[shorten(text) for text in texts[:MOST_TEXTS]])


def view_answer(spec: TensorSpec, answer: Answer) -> AnswerView:
    """One output of one row: all values where they are few, else those that differ most."""
    expected, got = answer.expected.reshape(-1), answer.got.reshape(-1)
    unlike = np.zeros(expected.size) if answer.used is None else np.abs(answer.used.reshape(-1))
    differs = ~_equal(expected, got)
    if answer.used is None:
        unlike = differs.astype(np.float64)
    largest = float(unlike.max(initial=0.0))
    order = np.argsort(-unlike, kind="stable")[:MOST_ANSWERS]
    if expected.size <= MOST_ANSWERS:
        order = np.arange(expected.size)
    shape = answer.expected.shape
    pictures = []
    pixels = find_pixels(answer.expected, spec)
    if pixels is not None and min(pixels.shape[:2]) >= LEAST_SQUARE:
        low, high = _range(pixels, spec)
        pictures = [draw(side, low, high) for side in (pixels, find_pixels(answer.got, spec)) if side is not None]
    return AnswerView(
        output=spec.name,
        size=expected.size,
        used=None if answer.used is None or largest == np.inf else _short(largest),
        differs=bool(differs.any()),
        places=[[int(axis) for axis in np.unravel_index(place, shape)] for place in order] if shape else [[]],
        expected=[scalar(expected[place]) for place in order],
        got=[scalar(got[place]) for place in order],
        pictures=pictures,
    )


def find_pixels(row: Array, spec: TensorSpec) -> Array | None:
    """[height, width] or [height, width, 3] where the row is a picture: by its axes, or a flat square whose range is known; else None."""
    if row.dtype.kind not in "fiu":
        return None
    known = spec.minimum is not None and spec.maximum is not None
    side = round(row.size**0.5)
    if row.ndim == 1 and known and not spec.labels and side >= LEAST_SQUARE and side * side == row.size:
        return row.reshape(side, side)
    least = 1 if known or row.dtype == np.uint8 else LEAST_SIDE
    if row.ndim == 2 and min(row.shape) >= LEAST_SIDE:
        return row
    if row.ndim == 3 and row.shape[0] in (1, 3) and min(row.shape[1:]) >= least:
        row = np.moveaxis(row, 0, -1)
    if row.ndim == 3 and row.shape[-1] in (1, 3, 4) and min(row.shape[:2]) >= least:
        return row[..., 0] if row.shape[-1] == 1 else row[..., :3]
    return None


def shorten(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def scalar(value: object) -> Scalar:
    """A value of an array as JSON has it, with nine digits, which is all that single precision has."""
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower()
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        number = float(value)
        return float(f"{number:.9g}") if np.isfinite(number) else str(number)
    return shorten(str(value))


def _short(value: float) -> float:
    """Six digits: enough to draw."""
    return float(f"{value:.6g}")


def _range(pixels: Array, spec: TensorSpec) -> tuple[float, float]:
    """What is drawn black and white: the range of the contract, of bytes, or of the finite values themselves."""
    if spec.minimum is not None and spec.maximum is not None:
        return spec.minimum, spec.maximum
    if pixels.dtype == np.uint8:
        return 0.0, 255.0
    finite = pixels[np.isfinite(pixels)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)


def _equal(expected: Array, got: Array) -> Array:
    if expected.dtype.kind == "f":
        return np.asarray((expected == got) | (np.isnan(expected) & np.isnan(got)))
    return (
        np.asarray(expected.astype(object) == got.astype(object)) if is_text(expected) else np.asarray(expected == got)
    )
