"""What the templates of a client with text, sizes or no rows ask for beside the static client's values. Pure.

Templates whose names begin with Sized, and Call.cs: every row is a generated type that knows its sizes, and the runtime
allocates the outputs.
"""

from collections.abc import Sequence
from typing import Any

from pipeline.dotnet.client.layout import Layout
from pipeline.dotnet.client.literals import literal
from pipeline.dotnet.client.members import Axis, View


def values(plan: Layout) -> dict[str, Any]:
    """Values and functions for the templates."""
    known = list(plan.axes)
    newly: dict[str, list[Axis]] = {}
    expected: dict[str, str] = {}
    for output in plan.outputs:
        expected[output.name] = _shape(output, plan.batched, known)
        newly[output.name] = [axis for axis in output.axes if axis not in known]
        known += newly[output.name]
    return {
        "axes": plan.axes,
        "own_axes": plan.own_axes,
        "output_axes": plan.output_axes,
        "given": plan.given,
        "steps": plan.steps,
        "axis_doc": {axis.name: _axis_doc(axis, plan) for axis in plan.output_axes},
        "size_parameters": "".join(f", int {axis.parameter}" for axis in plan.axes),
        "size_arguments": "".join(f", {axis.parameter}" for axis in plan.axes),
        "given_parameters": "".join(f", int {axis.parameter}" for axis in plan.given),
        "given_arguments": "".join(f", {axis.parameter}" for axis in plan.given),
        "given_cref": ", int" * len(plan.given),
        "output_size_parameters": "".join(f", int {axis.parameter}" for axis in plan.output_axes),
        "span_arguments": ", ".join(v.parameter + ("" if v.scalar else ".ToArray()") for v in plan.inputs),
        "same_sizes": " && ".join(f"{axis.member} == _row.{axis.member}" for axis in plan.axes),
        "text_inputs": any(view.text for view in plan.inputs),
        "reads_text": any(view.text and not view.scalar for view in plan.outputs),
        "input_names": ", ".join(literal(view.name) for view in plan.inputs),
        "output_names": ", ".join(literal(view.name) for view in plan.outputs),
        "newly_known": newly,
        "int_parameters": lambda axes: "".join(f"int {axis.parameter}, " for axis in axes),
        "plain_arguments": lambda axes: "".join(f"{axis.parameter}, " for axis in axes),
        "member_arguments": lambda axes: "".join(f"{axis.member}, " for axis in axes),
        "sizes_told": _sizes_told,
        "field_length": _length,
        "field_shape": lambda view: _shape(view, plan.batched, plan.axes, batch="batch"),
        "expected_shape": lambda view: expected[view.name],
        "axis_place": lambda view, axis: view.shape.index(axis) + (1 if plan.batched else 0),
        "as_half": as_half,
        "read_row": _read_row,
    }


def as_half(view: View, span: str) -> str:
    """A span of the runtime's own 16-bit type as one of `Half`."""
    return f"MemoryMarshal.Cast<Float16, Half>({span})" if view.type == "Half" else span


def _axis_doc(axis: Axis, plan: Layout) -> str:
    where = ", ".join(view.name for view in plan.outputs if axis in view.axes)
    return f"of {where}" + ("" if axis in plan.axes else ", as the model made it")


def _sizes_told(axes: Sequence[Axis]) -> str:
    return "".join(f" + {literal(f', {axis.name} = ')} + {axis.parameter}" for axis in axes)


def _length(view: View) -> str:
    """C# expression: values in a row, by the fields of a call."""
    sizes = [size.field for size in view.shape if isinstance(size, Axis)]
    return " * ".join([*sizes, str(view.length)] if view.length > 1 or not sizes else sizes)


def _shape(view: View, batched: bool, known: Sequence[Axis], batch: str = "_batch") -> str:
    """C# list of the whole shape, by the fields of a call; -1 for a size that is not known before the run."""
    row = [(size.field if size in known else "-1") if isinstance(size, Axis) else str(size) for size in view.shape]
    return ", ".join([batch, *row] if batched else row)


def _read_row(view: View, place: int) -> str:
    """C# expression: row `index` of an output."""
    output, length = f"_outputs[{place}]", _length(view)
    start = "index" if length == "1" else f"index * {length}"
    if view.text:
        return f"{output}.GetStringElement(index)" if view.scalar else f"Texts({output}, {start}, {length})"
    span = as_half(view, f"{output}.GetTensorDataAsSpan<{view.storage}>()")
    return f"{span}[index]" if view.scalar else f"{span}.Slice({start}, {length}).ToArray()"
