"""Shapes of a network's outputs, inferred from calls of different sizes. Pure: it is given what answers a call."""

import contextlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from pipeline.core.arrays import Arrays
from pipeline.core.contract import BATCH
from pipeline.core.errors import PipelineError
from pipeline.core.golden import GoldenCall
from pipeline.core.rows import Rows
from pipeline.export.golden_calls import axis_sizes
from pipeline.settings.model import Model

Sizes = dict[str, int]
Shape = list[int | str]
# Rows of the calls that show which axis is the batch.
PROBE_ROWS = (2, 3)


def infer_output_shapes(
    answer: Callable[[Arrays], Arrays], rows: Rows, model: Model, calls: Sequence[GoldenCall]
) -> dict[str, Shape]:
    """Shape of each output with its dynamic axes named.

    A dynamic axis that all golden calls have at one size is probed at another. Where the network takes no other, what follows
    from that axis is a number.

    Args:
        answer: What the network answers to a call; it may raise PipelineError.
        rows: Real rows, to make probes from.
        model: Its dynamic_axes count as the rows do, the batch first.
        calls: Golden calls with the network's answers.

    Raises:
        PipelineError: An output has more axes in one call than in another, or is not in every call.
    """
    sizes = [call.sizes for call in calls]
    outputs = [call.outputs for call in calls]
    for inputs in choose_probes(rows, model, sizes):
        with contextlib.suppress(PipelineError):
            outputs.append(answer(inputs))
            sizes.append(axis_sizes(inputs, model))
    names = list(outputs[0])
    for other in outputs:
        if list(other) != names:
            raise PipelineError(
                f"the network's answer: expected the outputs {names} in every call, got {list(other)} in one: answer the same outputs "
                "whatever the size of the call"
            )
    return {name: infer_shape(name, sizes, [arrays[name].shape for arrays in outputs]) for name in names}


def choose_probes(rows: Rows, model: Model, sizes: Sequence[Sizes]) -> list[Arrays]:
    """Inputs of calls that show each dynamic axis at another size, where it has only one in `sizes`.

    The batch has 2 and 3 rows in them; another axis is twice as long as in the rows, whose values are repeated.
    """
    probes = []
    for axis_name in sizes[0]:
        if len({call_sizes[axis_name] for call_sizes in sizes}) > 1:
            continue
        if axis_name == BATCH:
            for count in PROBE_ROWS:
                probes += rows.calls([place % len(rows) for place in range(count)])
        else:
            (pair, *_) = rows.calls([0, len(rows) - 1])
            probes.append(_double(pair, model.dynamic_axes, axis_name))
    return probes


def _double(inputs: Arrays, dynamic_axes: Mapping[str, Mapping[int, str]], axis_name: str) -> Arrays:
    """`inputs` with the axes of one name twice as long."""
    doubled = dict(inputs)
    for name, axes in dynamic_axes.items():
        for axis in [axis for axis, other in axes.items() if other == axis_name]:
            doubled[name] = np.concatenate([doubled[name]] * 2, axis=axis)
    return doubled


def infer_shape(name: str, sizes: Sequence[Sizes], shapes: Sequence[tuple[int, ...]]) -> Shape:
    """Shape of one output: a number for an axis that never changes, else a name.

    The name is that of the dynamic axis whose size it always has, or one of the output's own.

    Args:
        name: The output.
        sizes: Size of each dynamic axis, by call.
        shapes: The output's shape, by call.

    Raises:
        PipelineError: The number of axes changes.
    """
    if len({len(shape) for shape in shapes}) != 1:
        raise PipelineError(f"output {name!r}: expected one number of axes, got shapes {sorted(set(shapes))}")
    inferred: Shape = []
    for axis, lengths in enumerate(zip(*shapes, strict=True)):
        if len(set(lengths)) == 1:
            inferred.append(lengths[0])
            continue
        same = [axis_name for axis_name in sizes[0] if tuple(call[axis_name] for call in sizes) == lengths]
        inferred.append(same[0] if same else f"{name}_{axis}")
    return inferred
