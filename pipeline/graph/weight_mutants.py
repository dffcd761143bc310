"""Mutants of weights: one weight, a scale, two rows, a bias, and another precision."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from onnx import ModelProto, TensorProto, helper

from pipeline.core.arrays import Array, Arrays
from pipeline.graph.mapped_weights import to_array
from pipeline.graph.mutants import FLOATS, Kind, Mutant, layer_of_tensor

Random = np.random.Generator
Change = Callable[[Array], Array]

HALVES = (TensorProto.FLOAT16, TensorProto.BFLOAT16)
# By how much of its tensor's scale one weight moves, and a whole tensor; so many times as far in the rounds, over and over: what a
# policy misses may lie between a small change and a gross one.
NUDGE, STRETCH = 1e-3, 5e-4
STRENGTHS = (1, 10, 100)
# Values at once: a large tensor needs no copy of itself in float64.
PART = 1 << 20
# Places of a bias among the inputs of a node.
BIAS_INPUT = {
    "Conv": 2,
    "ConvTranspose": 2,
    "Gemm": 2,
    "BatchNormalization": 2,
    "InstanceNormalization": 2,
    "LayerNormalization": 2,
    "GroupNormalization": 2,
    "RNN": 3,
    "GRU": 3,
    "LSTM": 3,
}


def weight_mutants(model: ModelProto, folder: Path, random: Random, round_: int) -> Iterator[Mutant]:
    """One weight of each floating tensor, moved by `NUDGE` of the tensor's scale or more; another one in every round."""
    for tensor in _shuffled(model, random):
        size = int(np.prod(tensor.dims, dtype=np.int64))
        place = int(random.integers(size)) if size else 0
        if size <= round_:
            continue
        old, new = _move(to_array(tensor, folder), place, NUDGE * STRENGTHS[round_ % len(STRENGTHS)])
        index = [int(i) for i in np.unravel_index(place, tuple(tensor.dims))]

        def change(array: Array, place: int = place, new: Array = new) -> Array:
            changed = array.copy()
            changed.reshape(-1)[place] = new
            return changed

        yield _mutant("weight", tensor, f"value {index} is {new!s}, not {old!s}", change)


def scaled_mutants(model: ModelProto, folder: Path, random: Random, round_: int) -> Iterator[Mutant]:
    """Each floating tensor, stretched by `STRETCH` or more, or by as little as its type can tell."""
    if round_ >= len(STRENGTHS):
        return
    for tensor in _shuffled(model, random):
        factor = 1 + max(STRETCH * STRENGTHS[round_], FLOATS[tensor.data_type])

        def change(array: Array, factor: float = factor) -> Array:
            stretched: Array = (array * np.asarray(factor, array.dtype)).astype(array.dtype)
            return stretched

        if _differs(change, tensor, folder):
            yield _mutant("scaled", tensor, f"multiplied by {factor:.6g}", change)


def row_mutants(model: ModelProto, folder: Path, random: Random, round_: int) -> Iterator[Mutant]:
    """Two rows that differ swapped, in each floating tensor of two axes and more; others in every round."""
    for tensor in _shuffled(model, random):
        axis = next((axis for axis, size in enumerate(tensor.dims) if size > 1), None)
        if len(tensor.dims) < 2 or axis is None:
            continue
        first, second = random.choice(tensor.dims[axis], 2, replace=False).tolist()

        def change(array: Array, axis: int = axis, rows: tuple[int, int] = (first, second)) -> Array:
            order = np.arange(array.shape[axis])
            order[list(rows)] = order[list(reversed(rows))]
            return array.take(order, axis)

        if tensor.dims[axis] >= 2 * (round_ + 1) and _differs(change, tensor, folder):
            yield _mutant("rows", tensor, f"rows {first} and {second} (axis {axis}) are swapped", change)


def bias_mutants(model: ModelProto, folder: Path, random: Random) -> Iterator[Mutant]:
    """Each bias that is not zero anyway, dropped."""
    biases = set()
    for node in model.graph.node:
        place = BIAS_INPUT.get(node.op_type)
        if place is not None and len(node.input) > place:
            biases.add(node.input[place])
        if node.op_type == "Add":
            biases.update(node.input)
    for tensor in _shuffled(model, random):
        if tensor.name in biases and tensor.dims and _differs(np.zeros_like, tensor, folder):
            yield _mutant("bias", tensor, "all zeros", np.zeros_like)


def rounded_mutants(model: ModelProto, folder: Path, random: Random) -> Iterator[Mutant]:
    """Each floating tensor through float16, or through bfloat16, where that changes it."""
    for tensor in _shuffled(model, random):
        kind = next(kind for kind in random.permutation(HALVES).tolist() if kind != tensor.data_type)
        narrow = helper.tensor_dtype_to_np_dtype(kind)

        def change(array: Array, narrow: np.dtype = narrow) -> Array:
            with np.errstate(over="ignore"):
                return array.astype(narrow).astype(array.dtype)

        if _differs(change, tensor, folder):
            yield _mutant("rounded", tensor, f"rounded through {narrow.name}", change)


def _mutant(kind: Kind, tensor: TensorProto, words: str, change: Change) -> Mutant:
    name = tensor.name

    def edit(copy: ModelProto, folder: Path) -> Arrays:
        target = next(tensor for tensor in copy.graph.initializer if tensor.name == name)
        return {name: change(to_array(target, folder))}

    return Mutant(kind, layer_of_tensor(name), words, edit)


def _differs(change: Change, tensor: TensorProto, folder: Path) -> bool:
    # A function, so that no mutant that waits for its turn keeps a large tensor alive.
    values = to_array(tensor, folder)
    return not np.array_equal(change(values), values)


def _shuffled(model: ModelProto, random: Random) -> Iterator[TensorProto]:
    """The floating initializers, in an order by chance."""
    for number in random.permutation(len(model.graph.initializer)).tolist():
        tensor = model.graph.initializer[number]
        if tensor.data_type in FLOATS:
            yield tensor


def _root_mean_square(values: Array) -> float:
    """The scale of a tensor; what is not finite, as in a mask, counts as zero."""
    flat = values.reshape(-1)
    parts = (flat[start : start + PART].astype(np.float64) for start in range(0, flat.size, PART))
    total = sum(float(np.square(part[np.isfinite(part)]).sum()) for part in parts)
    return float(np.sqrt(total / max(flat.size, 1)))


def _move(values: Array, place: int, by: float) -> tuple[Array, Array]:
    """A value, and that plus so much of the scale of all; where its type cannot tell the two apart, times two, and one for zero."""
    value = values.reshape(-1)[place]
    moved = np.asarray(float(value) + by * _root_mean_square(values)).astype(value.dtype)
    return value, moved if moved != value else np.asarray(float(value) * 2 or 1.0).astype(value.dtype)
