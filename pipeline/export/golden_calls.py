"""The inputs of the golden calls, chosen from the test split by the seed. Pure.

Real rows at each batch size, the same rows at other sizes of each dynamic axis, the ends of the inputs' ranges, and text that
nobody has trained on.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from pipeline.core.arrays import Arrays, is_text
from pipeline.core.contract import BATCH
from pipeline.core.golden import GoldenCall, Purpose
from pipeline.core.rows import Rows
from pipeline.settings.model import Model, TensorSettings

# Nothing, nothing but white space or separators, words that no vocabulary has, capitals, line ends, other scripts from either
# side, characters beyond 16 bits and of several code points, a NUL within, and a long text.
ODD_TEXT = (
    "",
    "   ",
    "?!...",
    "qzxv",
    "GOOD Good gOOD good.",
    "one\r\ntwo\tthree",
    "שלום עולם 你好",
    "😀 👩‍👩‍👧 e\u0301",
    "a\0b",
    "good bad, " * 300,
)
# Sizes that every dynamic axis but the batch is cut to, beside its full size and half of it.
SHORT = (1, 3)


def choose_calls(rows: Rows, model: Model, batches: Sequence[int], seed: int) -> list[GoldenCall]:
    """The golden calls, without answers; no two have one name.

    Rows are drawn without repetition as long as there are enough.

    Args:
        rows: The inputs of the test split.
        model: With the batch first; its axes count as in `rows`.
        batches: Numbers of rows.
        seed: Chooses the rows.
    """
    order = np.random.default_rng(seed).permutation(len(rows)).tolist()
    # Two rows, or the one that a call takes.
    (pair, *_) = rows.calls([order[0], order[-1]])
    calls = [
        *_real_rows(rows, order, batches),
        *_other_sizes(pair, model, rows.batched),
        *_odd_text(rows),
        *_missing_values(rows, model),
        *_edges(pair, model, rows.batched),
    ]
    return [replace(call, sizes=axis_sizes(call.inputs, model)) for call in calls]


def input_names(arrays: Iterable[str], model: Model) -> list[str]:
    """The inputs, in order: those that the configuration describes, or else every array but `target`."""
    return list(model.inputs) or [name for name in arrays if name != "target"]


def axis_sizes(inputs: Arrays, model: Model) -> dict[str, int]:
    """Size of each dynamic axis in one call, by the axis's name."""
    return {
        axis_name: inputs[name].shape[axis]
        for name, axes in model.dynamic_axes.items()
        for axis, axis_name in axes.items()
    }


def _call(name: str, purpose: Purpose, inputs: Arrays, batched: bool) -> GoldenCall:
    return GoldenCall(name, purpose, len(next(iter(inputs.values()))) if batched else None, {}, inputs)


def _numbered(name: str, purpose: Purpose, rows: Rows) -> Iterator[GoldenCall]:
    """All of `rows` in one call, or in a call each where the model knows no batch."""
    for number, inputs in enumerate(rows.calls(range(len(rows))), start=1):
        yield _call(name if rows.batched else f"{name}-{number}", purpose, inputs, rows.batched)


def _real_rows(rows: Rows, order: Sequence[int], batches: Sequence[int]) -> Iterator[GoldenCall]:
    if not rows.batched:
        yield from _numbered("row", "rows", rows.take(order[: sum(batches)]))
        return
    start = 0
    for batch in batches:
        drawn = [order[place % len(rows)] for place in range(start, start + batch)]
        yield _call(f"rows-{batch}", "rows", rows.take(drawn).arrays, batched=True)
        start += batch


def _other_sizes(pair: Arrays, model: Model, batched: bool) -> Iterator[GoldenCall]:
    """`pair` with each dynamic axis but the batch cut to other sizes; an axis of one name is cut alike everywhere."""
    places: dict[str, list[tuple[str, int]]] = {}
    for name, axes in model.dynamic_axes.items():
        for axis, axis_name in axes.items():
            if axis_name != BATCH and name in pair:
                places.setdefault(axis_name, []).append((name, axis))
    for axis_name, where in places.items():
        full = pair[where[0][0]].shape[where[0][1]]
        for size in sorted({min(size, full) for size in (*SHORT, full // 2)} - {0, full}):
            inputs = dict(pair)
            for name, axis in where:
                inputs[name] = np.take(inputs[name], range(size), axis=axis)
            yield _call(f"{axis_name}={size}", "size", inputs, batched)


def _odd_text(rows: Rows) -> Iterator[GoldenCall]:
    """Text that nobody has trained on; other inputs as in the first rows."""
    text_inputs = [name for name, array in rows.arrays.items() if is_text(array)]
    if not text_inputs:
        return
    odd_rows = rows.take([place % len(rows) for place in range(len(ODD_TEXT))])
    for name in text_inputs:
        shape = odd_rows.arrays[name].shape
        column = np.array(ODD_TEXT, dtype=object).reshape(-1, *[1] * (len(shape) - 1))
        odd_rows.arrays[name] = np.broadcast_to(column, shape).copy()
    yield from _numbered("odd-text", "odd text", odd_rows)


def _missing_values(rows: Rows, model: Model) -> Iterator[GoldenCall]:
    """Rows in which all that may be missing is; other inputs as in the first rows."""
    optional = [name for name, port in model.inputs.items() if port.missing and rows.arrays[name].dtype.kind == "f"]
    if not optional:
        return
    incomplete = rows.take([place % len(rows) for place in range(2)])
    for name in optional:
        incomplete.arrays[name][:] = np.nan
    yield from _numbered("missing", "missing", incomplete)


def _edges(pair: Arrays, model: Model, batched: bool) -> Iterator[GoldenCall]:
    """Zeros and the ends of the ranges; only where every input has a range.

    Elsewhere nobody has said that such values make sense, and on zeros every choice is a tie.
    """
    numbers = [name for name, array in pair.items() if not is_text(array)]
    ranges = [(port.minimum, port.maximum) for port in (model.inputs.get(name, TensorSettings()) for name in numbers)]
    lows, highs = [low for low, _ in ranges], [high for _, high in ranges]
    zeros = [0.0 if low is not None and high is not None and low <= 0 <= high else None for low, high in ranges]
    for name, values in (("zeros", zeros), ("minimum", lows), ("maximum", highs)):
        if numbers and None not in values:
            filled = {key: np.full_like(pair[key], value) for key, value in zip(numbers, values, strict=True)}
            yield _call(name, "edge", pair | filled, batched)
