"""Questions for the network and its own answers: what every later comparison is held against. Imports torch."""

import contextlib
from collections.abc import Mapping

import numpy as np

from pipeline.core.arrays import Arrays, is_text
from pipeline.core.contract import BATCH
from pipeline.core.errors import PipelineError
from pipeline.core.rows import Rows
from pipeline.export.adapter import Adapter
from pipeline.settings.model import Model, TensorSettings

# Rows that a traced graph is tried with one by one.
ALONE = 64
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
# Sizes that every other dynamic axis is cut to, beside its full size and half of it.
SHORT = (1, 3)


def questions(rows: Rows, model: Model, batches: list[int], seed: int) -> dict[str, Arrays]:
    """Inputs by case: real rows at each batch size (or one by one); the same at other sizes of the dynamic axes; edge values.

    Rows are drawn without repetition as long as there are enough. Axes in `model` count as in `rows`.
    """
    inputs = rows.arrays
    order = np.random.default_rng(seed).permutation(len(rows)).tolist()
    cases, taken = {}, 0
    if rows.batched:
        for batch in batches:
            (cases[f"rows-{batch}"],) = rows.calls([order[place % len(rows)] for place in range(taken, taken + batch)])
            taken += batch
    else:
        drawn = order[: sum(batches)]
        cases = {f"row-{place}": call for place, call in enumerate(rows.calls(drawn), start=1)}
    # Two rows, or the one that a call takes.
    pair = rows.calls([order[0], order[-1]])[0]
    cases |= _cut(pair, model)
    for case, odd in _odd(rows, model).items():
        calls = odd.calls(range(len(odd)))
        cases |= {case if odd.batched else f"{case}-{place}": call for place, call in enumerate(calls, start=1)}
    # Only within declared bounds: elsewhere nobody has said that such values make sense, and on zeros every choice is a tie.
    numbers = [name for name, array in inputs.items() if not is_text(array)]
    ports = [model.inputs.get(name, TensorSettings()) for name in numbers]
    low, high = [port.minimum for port in ports], [port.maximum for port in ports]
    zero = [
        0.0 if bottom is not None and top is not None and bottom <= 0 <= top else None
        for bottom, top in zip(low, high, strict=True)
    ]
    for case, fills in (("zeros", zero), ("minimum", low), ("maximum", high)):
        if numbers and None not in fills:
            cases[case] = pair | {
                name: np.full_like(pair[name], fill) for name, fill in zip(numbers, fills, strict=True)
            }
    return cases


def _odd(rows: Rows, model: Model) -> dict[str, Rows]:
    """Text that nobody has trained on, and rows in which all that may be missing is; other inputs as in the first rows."""
    found = {}
    text = [name for name, array in rows.arrays.items() if is_text(array)]
    if text:
        asked = rows.take([place % len(rows) for place in range(len(ODD_TEXT))])
        for name in text:
            shape = asked.arrays[name].shape
            odd = np.array(ODD_TEXT).reshape(-1, *[1] * (len(shape) - 1))
            asked.arrays[name] = np.broadcast_to(odd, shape).copy()
        found["odd-text"] = asked
    missing = [name for name, port in model.inputs.items() if port.missing and rows.arrays[name].dtype.kind == "f"]
    if missing:
        asked = rows.take([place % len(rows) for place in range(2)])
        for name in missing:
            asked.arrays[name][:] = np.nan
        found["missing"] = asked
    return found


def names(test: Arrays, model: Model) -> list[str]:
    """The inputs, in order: those that the configuration describes, or else every array but `target`."""
    return list(model.inputs) or [name for name in test if name != "target"]


def _cut(pair: Arrays, model: Model) -> dict[str, Arrays]:
    """`pair` with each dynamic axis but the batch cut to other sizes; an axis of one name is cut alike everywhere."""
    found = {}
    places: dict[str, list[tuple[str, int]]] = {}
    for name, axes in model.dynamic_axes.items():
        for axis, axis_name in axes.items():
            if axis_name != BATCH and name in pair:
                places.setdefault(axis_name, []).append((name, axis))
    for axis_name, where in places.items():
        full = pair[where[0][0]].shape[where[0][1]]
        for size in sorted({min(size, full) for size in (*SHORT, full // 2)} - {0, full}):
            cut = dict(pair)
            for name, axis in where:
                cut[name] = np.take(cut[name], range(size), axis=axis)
            found[f"{axis_name}-{size}"] = cut
    return found


def answer_rows(adapter: Adapter, rows: Rows) -> Arrays:
    """The network's answers to every row, row for row."""
    return rows.gather([adapter.answer(call) for call in rows.all()])


def answer_cases(
    adapter: Adapter, cases: Mapping[str, Arrays], model: Model
) -> tuple[dict[str, Arrays], dict[str, str]]:
    """The answers to every case that the network itself can answer.

    Rows that are cut to another size of an axis are left out where the network itself fails or answers NaN.

    Returns:
        The answers by case, and why cases were left out.

    Raises:
        PipelineError: The network fails at, or answers NaN to, rows that it must be able to answer.
    """
    answers: dict[str, Arrays] = {}
    left_out: dict[str, str] = {}
    cut = tuple(
        f"{axis_name}-" for axes in model.dynamic_axes.values() for axis_name in axes.values() if axis_name != BATCH
    )
    for case, inputs in cases.items():
        try:
            answers[case] = adapter.answer(inputs)
            check_answers({case: answers[case]}, type(adapter.network).__name__)
        except PipelineError as error:
            if not case.startswith(cut):
                raise
            answers.pop(case, None)
            left_out[case] = str(error)
    return answers, left_out


def singles(adapter: Adapter, rows: Rows) -> dict[str, tuple[Arrays, Arrays]]:
    """Single rows, and the same with the sign of floating values turned, with the network's answers, by case.

    For graphs that a tracer made: a branch on values is frozen as the example took it, and batches may all take the same.
    What the network itself cannot answer is left out.
    """
    found = {}
    for row in range(min(ALONE, len(rows))):
        for sign in (1, -1):
            (call,) = rows.calls([row])
            asked = {
                name: array * np.array(sign, array.dtype) if array.dtype.kind == "f" else array
                for name, array in call.items()
            }
            with contextlib.suppress(PipelineError):
                found[f"row {row}{' turned' if sign < 0 else ''}"] = (asked, adapter.answer(asked))
    return found


def check_answers(by_case: Mapping[str, Arrays], network: str) -> None:
    """Raise PipelineError at the first NaN."""
    for case, arrays in by_case.items():
        for name, array in arrays.items():
            if array.dtype.kind == "f" and np.isnan(array).any():
                row = int(np.argwhere(np.isnan(array))[0][0]) if array.ndim else 0
                raise PipelineError(
                    f"{network} itself answers NaN in output {name!r}, golden case {case!r}, row {row}: nothing can be proven "
                    "against NaN; look for a division by zero, a log of zero, or weights that are NaN"
                )


def infer_shape(name: str, sizes: list[dict[str, int]], shapes: list[tuple[int, ...]]) -> list[int | str]:
    """Shape of an output with its dynamic axes named, from what it was in every case.

    An axis whose size is always that of a dynamic input axis has its name; one that changes otherwise has a name of its own.

    Args:
        name: The output.
        sizes: Size of each named axis, by case.
        shapes: The output's shape, by case.

    Raises:
        PipelineError: The number of axes changes.
    """
    if len({len(shape) for shape in shapes}) != 1:
        raise PipelineError(f"output {name!r}: expected one number of axes, got shapes {sorted(set(shapes))}")
    found: list[int | str] = []
    for axis in range(len(shapes[0])):
        seen = [shape[axis] for shape in shapes]
        alike = [key for key in sizes[0] if [case[key] for case in sizes] == seen]
        changes = len(set(seen)) > 1
        found.append(alike[0] if alike and changes else f"{name}_{axis}" if changes else seen[0])
    return found


def axis_sizes(inputs: Arrays, model: Model) -> dict[str, int]:
    """Size of each named axis in one case.

    Raises:
        PipelineError: Axes of one name differ in size.
    """
    sizes: dict[str, int] = {}
    for name, axes in model.dynamic_axes.items():
        for axis, axis_name in axes.items():
            size = inputs[name].shape[axis]
            if sizes.setdefault(axis_name, size) != size:
                raise PipelineError(
                    f"model.dynamic_axes: axes named {axis_name!r} must have one size, got {sizes[axis_name]} and {size} ({name!r}, "
                    f"axis {axis})"
                )
    return sizes
