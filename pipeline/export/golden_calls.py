"""The inputs of the golden calls, chosen from the test split by the seed. Pure.

Real rows at each batch size, masks that are all true or all false, the ends of the inputs' ranges, and text that nobody has
trained on. Other sizes of the dynamic axes are in size_calls.py.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from pipeline.core.arrays import Array, Arrays, is_text
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
# Rows of a call beside those that are configured, and one beyond the most of those.
MANY_ROWS = 64
# Bytes of the inputs, and multiply-adds, of a call that nobody configured, so that golden files stay small and replayed soon.
LIMIT = 4 * 2**20
WORK_LIMIT = 2 * 10**10


def choose_calls(rows: Rows, model: Model, batches: Sequence[int], seed: int, work: int = 0) -> list[GoldenCall]:
    """The golden calls at the sizes of the data, without answers; no two have one name.

    Rows are drawn without repetition as long as there are enough.

    Args:
        rows: The inputs of the test split.
        model: With the batch first; its axes count as in `rows`.
        batches: Numbers of rows.
        seed: Chooses the rows.
        work: Multiply-adds of one row: where they are many, there are fewer calls of many rows.
    """
    order = np.random.default_rng(seed).permutation(len(rows)).tolist()
    pair = choose_pair(rows, seed)
    calls = [
        *_real_rows(rows, order, batches, work),
        *_masks(pair, rows, model),
        *_odd_text(rows),
        *_short_texts(rows, model),
        *_missing_values(rows, model),
        *_edges(pair, rows, model),
    ]
    return [replace(call, sizes=axis_sizes(call.inputs, model)) for call in calls]


def choose_pair(rows: Rows, seed: int) -> Arrays:
    """Two rows, or the one that a call takes, for calls that differ from real ones."""
    order = np.random.default_rng(seed).permutation(len(rows)).tolist()
    (pair, *_) = rows.calls([order[0], order[-1]])
    return pair


def input_names(arrays: Iterable[str], model: Model) -> list[str]:
    """The inputs, in order: those that the configuration describes, or else every array but `target`."""
    return list(model.inputs) or [name for name in arrays if name != "target"]


def fits(size: int, work: int) -> bool:
    """Whether a call of that many bytes and multiply-adds is small enough to be made unasked."""
    return size <= LIMIT and work <= WORK_LIMIT


def axis_sizes(inputs: Arrays, model: Model) -> dict[str, int]:
    """Size of each dynamic axis in one call, by the axis's name."""
    return {
        axis_name: inputs[name].shape[axis]
        for name, axes in model.dynamic_axes.items()
        for axis, axis_name in axes.items()
    }


def call_of(name: str, purpose: Purpose, inputs: Arrays, batched: bool) -> GoldenCall:
    """A call without outputs, whose rows are counted."""
    return GoldenCall(name, purpose, len(next(iter(inputs.values()))) if batched else None, {}, inputs)


def _numbered(name: str, purpose: Purpose, rows: Rows) -> Iterator[GoldenCall]:
    """All of `rows` in one call, or in a call each where the model knows no batch."""
    for number, inputs in enumerate(rows.calls(range(len(rows))), start=1):
        yield call_of(name if rows.batched else f"{name}-{number}", purpose, inputs, rows.batched)


def _real_rows(rows: Rows, order: Sequence[int], batches: Sequence[int], work: int) -> Iterator[GoldenCall]:
    if not rows.batched:
        yield from _numbered("row", "rows", rows.take(order[: sum(batches)]))
        return
    row_bytes = sum(array[:1].nbytes for array in rows.arrays.values())
    more = [batch for batch in (max(batches) + 1, MANY_ROWS) if fits(batch * row_bytes, batch * work)]
    start = 0
    for batch in dict.fromkeys([*batches, *more]):
        drawn = [order[place % len(rows)] for place in range(start, start + batch)]
        yield call_of(f"rows-{batch}", "rows", rows.take(drawn).arrays, batched=True)
        start += batch


def _masks(pair: Arrays, rows: Rows, model: Model) -> Iterator[GoldenCall]:
    """`pair` with inputs that say yes or no saying only one of them: each such input, and all of them together.

    Those are booleans, and integers that are nothing but 0 and 1 in the data, where model.inputs allows both.
    """
    masks = _mask_names(rows, model)
    for names in [*([name] for name in masks), *([masks] if len(masks) > 1 else [])]:
        label = names[0] if len(names) == 1 else "all masks"
        for value, word in ((0, "false"), (1, "true")):
            filled = {name: np.full_like(pair[name], value) for name in names}
            yield call_of(f"{label} all {word}", "mask", pair | filled, rows.batched)


def _mask_names(rows: Rows, model: Model) -> list[str]:
    return [name for name, array in rows.arrays.items() if _is_mask(array, model.inputs.get(name, TensorSettings()))]


def _is_mask(array: Array, settings: TensorSettings) -> bool:
    low, high = settings.minimum, settings.maximum
    allowed = (low is None or low <= 0) and (high is None or high >= 1)
    return allowed and (array.dtype.kind == "b" or (array.dtype.kind in "iu" and bool(np.isin(array, (0, 1)).all())))


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


def _short_texts(rows: Rows, model: Model) -> Iterator[GoldenCall]:
    """Texts of no word, one, two and three, each alone: among others they would be padded to the longest."""
    text_inputs = [name for name in rows.arrays if name in model.encoders and model.encoders[name].kind == "words"]
    if not text_inputs or not rows.batched:
        return
    for words in range(4):
        row = rows.take([0])
        for name in text_inputs:
            row.arrays[name] = np.full(row.arrays[name].shape, " ".join(["good"] * words), dtype=object)
        yield call_of(f"{words}-words", "size", row.arrays, batched=True)


def _missing_values(rows: Rows, model: Model) -> Iterator[GoldenCall]:
    """Rows in which all that may be missing is; other inputs as in the first rows."""
    optional = [name for name, port in model.inputs.items() if port.missing and rows.arrays[name].dtype.kind == "f"]
    if not optional:
        return
    incomplete = rows.take([place % len(rows) for place in range(2)])
    for name in optional:
        incomplete.arrays[name][:] = np.nan
    yield from _numbered("missing", "missing", incomplete)


def _edges(pair: Arrays, rows: Rows, model: Model) -> Iterator[GoldenCall]:
    """Zeros and the ends of the ranges; only where every input has a range.

    Elsewhere nobody has said that such values make sense, and on zeros every choice is a tie. Masks are as in the real rows: a network
    that cannot answer where all is padding still answers at the ends of its numbers.
    """
    kept = _mask_names(rows, model)
    numbers = [name for name, array in pair.items() if not is_text(array) and name not in kept]
    ranges = [(port.minimum, port.maximum) for port in (model.inputs.get(name, TensorSettings()) for name in numbers)]
    lows, highs = [low for low, _ in ranges], [high for _, high in ranges]
    zeros = [0.0 if low is not None and high is not None and low <= 0 <= high else None for low, high in ranges]
    for name, values in (("zeros", zeros), ("minimum", lows), ("maximum", highs)):
        if numbers and None not in values:
            filled = {key: np.full_like(pair[key], value) for key, value in zip(numbers, values, strict=True)}
            yield call_of(name, "edge", pair | filled, rows.batched)
