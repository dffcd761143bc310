"""The dynamic axes of a network's arguments, as model.dynamic_axes names them. Pure."""

from collections.abc import Mapping

from pipeline.core.contract import BATCH
from pipeline.core.errors import PipelineError
from pipeline.settings.model import Model


def batch_axes(model: Model) -> dict[str, int]:
    """The axis named `batch` of each input's argument; empty when there is none: then a call is one row.

    Raises:
        PipelineError: An input has two of that name.
    """
    batch_axis: dict[str, int] = {}
    for name, axes in model.dynamic_axes.items():
        places = [axis for axis, axis_name in axes.items() if axis_name == BATCH]
        if len(places) > 1:
            raise PipelineError(f"model.dynamic_axes.{name}: expected one axis named {BATCH}, got axes {places}")
        if places:
            batch_axis[name] = places[0]
    return batch_axis


def batch_first(model: Model) -> Model:
    """`model` with dynamic_axes that count the batch as the first axis of every input that has one."""
    renumbered: dict[str, dict[int, str]] = {}
    for name, axes in model.dynamic_axes.items():
        batch = next((axis for axis, axis_name in axes.items() if axis_name == BATCH), None)
        renumbered[name] = {
            axis if batch is None else 0 if axis == batch else axis + (axis < batch): axis_name
            for axis, axis_name in axes.items()
        }
    return model.model_copy(
        update={"dynamic_axes": {name: dict(sorted(axes.items())) for name, axes in renumbered.items()}}
    )


def check_axes(inputs: Mapping[str, tuple[int, ...]], model: Model) -> None:
    """Raise PipelineError unless dynamic_axes fit the inputs of a call: axes that are there, all with a batch or none.

    Axes of one name have one length, which model.axes allows.

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
    without_batch = [name for name in inputs if batch and name not in batch]
    if without_batch:
        raise PipelineError(
            f"model.dynamic_axes.{without_batch[0]}: expected an axis named {BATCH}, as {next(iter(batch))!r} has: rows travel together, so "
            f"give {without_batch[0]!r} a value for each row ('{without_batch[0]}: {{0: {BATCH}}}'), or make what is the same for all rows a buffer "
            "or an argument of the network (model.net.kwargs)"
        )
    first: dict[str, tuple[str, int]] = {}
    dynamic_axes = batch_first(model).dynamic_axes
    for name, shape in inputs.items():
        for axis, axis_name in dynamic_axes.get(name, {}).items():
            length = shape[axis]
            other, expected = first.setdefault(axis_name, (name, length))
            if length != expected:
                raise PipelineError(
                    f"model.dynamic_axes: expected axes named {axis_name!r} to have one length, got {expected} in {other!r} and {length} "
                    f"in {name!r}: give axes of different length different names"
                )
    for axis_name, bounds in model.axes.items():
        name, length = first[axis_name]
        if not bounds.allows(length):
            raise PipelineError(
                f"model.axes.{axis_name}: expected sizes {bounds}, got rows whose {axis_name} is {length} (input {name!r}): no real row "
                "meets that, so nothing would be proven; widen it, or bring rows of such a size"
            )
