"""Rows of named arrays, and the calls in which a network takes them: many rows a call, or one where it knows no batch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.arrays import Arrays
from pipeline.contract import BATCH
from pipeline.errors import PipelineError
from pipeline.model_params import Model

# Rows of one call when there are many to be answered.
CHUNK = 256


@dataclass(frozen=True)
class Rows:
    """Arrays whose first axis is the row.

    `batched`: a call has any number of rows, and its arrays the row's axis first. Otherwise a call is one row, without it.
    """

    arrays: Arrays
    batched: bool

    def __len__(self) -> int:
        return len(next(iter(self.arrays.values())))

    def take(self, index: Sequence[int]) -> "Rows":
        """Some of the rows, copied."""
        return Rows({name: array[list(index)] for name, array in self.arrays.items()}, self.batched)

    def calls(self, index: Sequence[int]) -> list[Arrays]:
        """The inputs of the calls that ask for these rows: all of them at once, or one after the other."""
        if self.batched:
            return [self.take(index).arrays]
        return [{name: array[row, ...] for name, array in self.arrays.items()} for row in index]

    def all(self) -> Iterator[Arrays]:
        """The inputs of the calls that ask for every row, in order; no rows are one call of none."""
        if not self.batched:
            yield from self.calls(range(len(self)))
            return
        for start in range(0, max(len(self), 1), CHUNK):
            yield {name: array[start : start + CHUNK] for name, array in self.arrays.items()}

    def gather(self, answers: Sequence[Arrays]) -> Arrays:
        """The answers to `all`, with the row as the first axis of each.

        Raises:
            PipelineError: There is not one answer a row, or the rows' answers differ in shape.
        """
        found = {}
        for name in answers[0]:
            parts = [answer[name] for answer in answers]
            if self.batched:
                first = min(len(self), CHUNK)
                if not parts[0].ndim or len(parts[0]) != first:
                    raise PipelineError(
                        f"output {name!r}: expected an answer for each of {first} rows, got shape {list(parts[0].shape)}: keep the "
                        "batch axis; what is the same for every row is expanded to the rows (`.expand(x.shape[0], ...)`) or left out"
                    )
            shapes = sorted({part.shape[self.batched :] for part in parts})
            if len(shapes) > 1:
                raise PipelineError(
                    f"output {name!r}: expected one shape for rows of one size, got {list(shapes[0])} and {list(shapes[-1])}: answer a "
                    "fixed number of values (top-k, or padding and a count)"
                )
            found[name] = np.concatenate(parts) if self.batched else np.stack(parts)
        return found


def batch_axes(model: Model) -> dict[str, int]:
    """The axis named `batch` of each input's argument; empty when there is none: then a call is one row.

    Raises:
        PipelineError: An input has two of that name.
    """
    found: dict[str, int] = {}
    for name, axes in model.dynamic_axes.items():
        places = [axis for axis, axis_name in axes.items() if axis_name == BATCH]
        if len(places) > 1:
            raise PipelineError(f"model.dynamic_axes.{name}: expected one axis named {BATCH}, got axes {places}")
        if places:
            found[name] = places[0]
    return found


def batch_first(model: Model) -> Model:
    """`model` with dynamic_axes that count the batch as the first axis of every input that has one."""
    moved: dict[str, dict[int, str]] = {}
    for name, axes in model.dynamic_axes.items():
        batch = next((axis for axis, axis_name in axes.items() if axis_name == BATCH), None)
        moved[name] = {
            axis if batch is None else 0 if axis == batch else axis + (axis < batch): axis_name
            for axis, axis_name in axes.items()
        }
    return model.model_copy(update={"dynamic_axes": {name: dict(sorted(axes.items())) for name, axes in moved.items()}})


def check_axes(inputs: Mapping[str, tuple[int, ...]], model: Model) -> None:
    """Raise PipelineError unless dynamic_axes fit the inputs of a call, and all of them have a batch or none.

    Args:
        inputs: Shape of each input of one call, the batch first.
        model: As configured: its axes count as the network's arguments do.
    """
    batch = batch_axes(model)
    for name, shape in inputs.items():
        for axis in model.dynamic_axes.get(name, {}):
            if not 0 <= axis < len(shape):
                raise PipelineError(
                    f"model.dynamic_axes.{name}: expected axes from 0 to {len(shape) - 1}, got {axis}: {name!r} has shape {list(shape)}"
                    f"{'' if batch else ' in a call of one row, for no axis is named batch'}"
                )
    lacking = [name for name in inputs if batch and name not in batch]
    if lacking:
        raise PipelineError(
            f"model.dynamic_axes.{lacking[0]}: expected an axis named {BATCH}, as {next(iter(batch))!r} has: rows travel together, so "
            f"give {lacking[0]!r} a value for each row ('{lacking[0]}: {{0: {BATCH}}}'), or make what is the same for all rows a buffer "
            "or an argument of the network (model.net.kwargs)"
        )
