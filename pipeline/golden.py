"""Questions for the network and its own answers: what every later comparison is held against. Imports torch."""

import contextlib
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from pipeline.arrays import Array, Arrays
from pipeline.contract import Role
from pipeline.errors import PipelineError
from pipeline.outputs import leaves, name_outputs
from pipeline.params import Model, Port

# Rows that PyTorch answers at once when it answers the whole test split.
CHUNK = 256
# Rows that a traced graph is tried with one by one.
ALONE = 64
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
    # Only within declared bounds: elsewhere nobody has said that such values make sense, and on zeros every choice is a tie.
    ports = [model.inputs.get(name, Port()) for name in inputs]
    low, high = [port.minimum for port in ports], [port.maximum for port in ports]
    zero = [
        0.0 if bottom is not None and top is not None and bottom <= 0 <= top else None
        for bottom, top in zip(low, high, strict=True)
    ]
    for case, fills in (("zeros", zero), ("minimum", low), ("maximum", high)):
        if None not in fills:
            cases[case] = {name: np.full_like(inputs[name][:2], fill) for name, fill in zip(inputs, fills, strict=True)}
    return cases


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
    tensors = {name: torch.from_numpy(array.copy()) for name, array in inputs.items()}
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


def answer_texts(
    network: nn.Module, rows: list[list[int]], fills: Mapping[Role, str], output_names: list[str]
) -> dict[str, list[Array]]:
    """The answers to rows of tokens, as the C# client asks: rows of one length together, and nothing padded.

    Args:
        network: The eager network.
        rows: Tokens of each text.
        fills: What holds the tokens (ids), a 1 for each (mask) and a 0 for each (types), by name of the input.
        output_names: As configured.

    Returns:
        By output, the values of each row, flat.
    """
    found: dict[str, list[Array]] = {}
    for length in sorted({len(row) for row in rows}):
        places = [place for place, row in enumerate(rows) if len(row) == length]
        for start in range(0, len(places), ALONE):
            some = places[start : start + ALONE]
            ids = np.array([rows[place] for place in some], dtype=np.int64)
            made: dict[Role, Array] = {"ids": ids, "mask": np.ones_like(ids), "types": np.zeros_like(ids)}
            answered = answer_rows(network, {name: made[role] for role, name in fills.items()}, output_names)
            check_answers({f"texts of {length} tokens": answered}, type(network).__name__)
            for name, array in answered.items():
                own = found.setdefault(name, [np.empty(0)] * len(rows))
                for place, values in zip(some, array, strict=True):
                    own[place] = values.reshape(-1)
    return found


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
