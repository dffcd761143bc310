"""Questions for the network and its own answers: what every later comparison is held against. Imports torch."""

import contextlib
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from pipeline.arrays import Array, Arrays, is_text
from pipeline.errors import PipelineError
from pipeline.outputs import leaves, name_outputs
from pipeline.params import Model, Port

# Rows that PyTorch answers at once when it answers the whole test split.
CHUNK = 256
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


def questions(test: Arrays, model: Model, batches: list[int], seed: int) -> dict[str, Arrays]:
    """Inputs by case: real test rows at each batch size; the same at other sizes of the other dynamic axes; edge values.

    Rows are drawn without repetition as long as there are enough.
    """
    inputs = {name: test[name] for name in names(test, model)}
    rows = len(next(iter(inputs.values())))
    order = np.random.default_rng(seed).permutation(rows)
    cases, taken = {}, 0
    for batch in batches:
        index = order[np.arange(taken, taken + batch) % rows]
        cases[f"rows-{batch}"] = {name: array[index] for name, array in inputs.items()}
        taken += batch
    cases |= _cut(inputs, model, order)
    cases |= _odd(inputs, model)
    # Only within declared bounds: elsewhere nobody has said that such values make sense, and on zeros every choice is a tie.
    numbers = [name for name, array in inputs.items() if not is_text(array)]
    ports = [model.inputs.get(name, Port()) for name in numbers]
    low, high = [port.minimum for port in ports], [port.maximum for port in ports]
    zero = [
        0.0 if bottom is not None and top is not None and bottom <= 0 <= top else None
        for bottom, top in zip(low, high, strict=True)
    ]
    for case, fills in (("zeros", zero), ("minimum", low), ("maximum", high)):
        if numbers and None not in fills:
            two = {name: array[:2] for name, array in inputs.items()}
            cases[case] = two | {name: np.full_like(two[name], f) for name, f in zip(numbers, fills, strict=True)}
    return cases


def _odd(inputs: Arrays, model: Model) -> dict[str, Arrays]:
    """Text that nobody has trained on, and rows in which all that may be missing is; other inputs as in the first rows."""
    found = {}
    text = [name for name, array in inputs.items() if is_text(array)]
    if text:
        rows = np.arange(len(ODD_TEXT)) % len(inputs[text[0]])
        asked = {name: array[rows] for name, array in inputs.items()}
        for name in text:
            shape = asked[name].shape
            asked[name] = np.broadcast_to(np.array(ODD_TEXT).reshape(-1, *[1] * (len(shape) - 1)), shape).copy()
        found["odd-text"] = asked
    missing = [name for name, port in model.inputs.items() if port.missing and inputs[name].dtype.kind == "f"]
    if missing:
        asked = {name: array[:2].copy() for name, array in inputs.items()}
        for name in missing:
            asked[name][:] = np.nan
        found["missing"] = asked
    return found


def names(test: Arrays, model: Model) -> list[str]:
    """The inputs, in order: those that the configuration describes, or else every array but `target`."""
    return list(model.inputs) or [name for name in test if name != "target"]


def _cut(inputs: Arrays, model: Model, order: Array) -> dict[str, Arrays]:
    """Two rows, with each dynamic axis but the batch cut to other sizes; an axis of one name is cut alike everywhere."""
    found = {}
    places: dict[str, list[tuple[str, int]]] = {}
    for name, axes in model.dynamic_axes.items():
        for axis, axis_name in axes.items():
            if axis > 0 and name in inputs and axis < inputs[name].ndim:
                places.setdefault(axis_name, []).append((name, axis))
    for axis_name, where in places.items():
        full = inputs[where[0][0]].shape[where[0][1]]
        for size in sorted({min(size, full) for size in (*SHORT, full // 2)} - {0, full}):
            pair = {name: array[order[np.arange(2) % len(order)]] for name, array in inputs.items()}
            for name, axis in where:
                pair[name] = np.take(pair[name], range(size), axis=axis)
            found[f"{axis_name}-{size}"] = pair
    return found


def answer(network: nn.Module, inputs: Arrays, output_names: list[str]) -> Arrays:
    """The eager network's outputs for `inputs`, by name.

    Raises:
        PipelineError: The network cannot take them, or answers something other than tensors.
    """
    # Copies: a network that edits its input in place must not edit ours.
    tensors = {name: array if is_text(array) else torch.from_numpy(array.copy()) for name, array in inputs.items()}
    try:
        with torch.inference_mode():
            found = network(**tensors)
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        shapes = {name: f"{array.dtype}{list(array.shape)}" for name, array in inputs.items()}
        raise PipelineError(
            f"{type(network).__name__} itself cannot answer {shapes}: {type(error).__name__}: {' '.join(str(error).split())}"
        ) from None
    named = name_outputs(leaves(found), output_names)
    return {name: tensor.numpy() for name, tensor in named.items()}


def answer_rows(network: nn.Module, inputs: Arrays, output_names: list[str]) -> Arrays:
    """The same for any number of rows, CHUNK at a time."""
    rows = len(next(iter(inputs.values())))
    parts = [
        answer(network, {name: array[start : start + CHUNK] for name, array in inputs.items()}, output_names)
        for start in range(0, rows, CHUNK)
    ]
    for name, array in parts[0].items():
        size = min(rows, CHUNK)
        if not array.ndim or len(array) != size:
            raise PipelineError(
                f"output {name!r}: expected an answer for each of {size} rows, got shape {list(array.shape)}: keep the batch axis, first"
            )
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def answer_cases(
    network: nn.Module, cases: Mapping[str, Arrays], output_names: list[str], model: Model
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
    cut = tuple(f"{axis_name}-" for axes in model.dynamic_axes.values() for axis, axis_name in axes.items() if axis > 0)
    for case, inputs in cases.items():
        try:
            answers[case] = answer(network, inputs, output_names)
            check_answers({case: answers[case]}, type(network).__name__)
        except PipelineError as error:
            if not case.startswith(cut):
                raise
            answers.pop(case, None)
            left_out[case] = str(error)
    return answers, left_out


def singles(network: nn.Module, inputs: Arrays, output_names: list[str]) -> dict[str, tuple[Arrays, Arrays]]:
    """Single rows, and the same with the sign of floating values turned, with the network's answers, by case.

    For graphs that a tracer made: a branch on values is frozen as the example took it, and batches may all take the same.
    What the network itself cannot answer is left out.
    """
    found = {}
    for row in range(min(ALONE, len(next(iter(inputs.values()))))):
        for sign in (1, -1):
            asked = {
                name: array[row : row + 1] * sign if array.dtype.kind == "f" else array[row : row + 1]
                for name, array in inputs.items()
            }
            with contextlib.suppress(PipelineError):
                found[f"row {row}{' turned' if sign < 0 else ''}"] = (asked, answer(network, asked, output_names))
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
