"""Values for the templates of a ragged client: rows of different sizes, text, or no batch axis. Pure.

These are the templates whose names begin with Ragged, and Call.cs: every row is an instance of a generated class that knows its
sizes, and onnxruntime allocates the outputs.
"""

from collections.abc import Sequence
from typing import Any

from pipeline.dotnet.client.layout import Layout
from pipeline.dotnet.client.literals import literal
from pipeline.dotnet.client.members import Axis, View


def template_values(layout: Layout) -> dict[str, Any]:
    """Values and functions for the templates, beside those of every client."""
    known_axes = list(layout.axes)
    new_axes: dict[str, list[Axis]] = {}
    expected_shapes: dict[str, str] = {}
    for output in layout.outputs:
        expected_shapes[output.name] = _shape(output, layout.batched, known_axes)
        new_axes[output.name] = [axis for axis in output.axes if axis not in known_axes]
        known_axes += new_axes[output.name]
    return {
        "axes": layout.axes,
        "output_axes": layout.output_axes,
        "output_only_axes": layout.output_only_axes,
        "explicit_axes": layout.explicit_axes,
        "checks": layout.checks,
        "axis_doc": {axis.name: _axis_doc(axis, layout) for axis in layout.output_axes},
        "size_parameters": _parameters(layout.axes),
        "size_arguments": _arguments(layout.axes),
        "explicit_size_parameters": _parameters(layout.explicit_axes),
        "explicit_size_arguments": _arguments(layout.explicit_axes),
        "explicit_size_cref": ", int" * len(layout.explicit_axes),
        "output_size_parameters": _parameters(layout.output_axes),
        "span_arguments": ", ".join(view.parameter + ("" if view.scalar else ".ToArray()") for view in layout.inputs),
        "same_sizes": " && ".join(f"{axis.member} == _row.{axis.member}" for axis in layout.axes),
        "text_inputs": any(view.text for view in layout.inputs),
        "text_array_outputs": any(view.text and not view.scalar for view in layout.outputs),
        "input_names": ", ".join(literal(view.name) for view in layout.inputs),
        "output_names": ", ".join(literal(view.name) for view in layout.outputs),
        # By output: the axes whose sizes are first seen in its shape.
        "new_axes": new_axes,
        "expected_shapes": expected_shapes,
        "leading_parameters": lambda axes: "".join(f"int {axis.parameter}, " for axis in axes),
        "leading_arguments": lambda axes: "".join(f"{axis.parameter}, " for axis in axes),
        "leading_members": lambda axes: "".join(f"{axis.member}, " for axis in axes),
        "sizes_in_message": _sizes_in_message,
        "call_row_length": _row_length,
        "call_shape": lambda view: _shape(view, layout.batched, layout.axes, batch="batch"),
        "axis_place": lambda view, axis: view.shape.index(axis) + (1 if layout.batched else 0),
        "read_row": _read_row,
    }


def _parameters(axes: Sequence[Axis]) -> str:
    return "".join(f", int {axis.parameter}" for axis in axes)


def _arguments(axes: Sequence[Axis]) -> str:
    return "".join(f", {axis.parameter}" for axis in axes)


def _axis_doc(axis: Axis, layout: Layout) -> str:
    outputs = ", ".join(view.name for view in layout.outputs if axis in view.axes)
    return f"of {outputs}" + ("" if axis in layout.axes else ", known after the run")


def _sizes_in_message(axes: Sequence[Axis]) -> str:
    return "".join(f" + {literal(f', {axis.name} = ')} + {axis.parameter}" for axis in axes)


def _row_length(view: View) -> str:
    """C# expression: values in a row, by the fields of a call."""
    return view.product([size.field for size in view.shape if isinstance(size, Axis)])


def _shape(view: View, batched: bool, known_axes: Sequence[Axis], batch: str = "_batch") -> str:
    """C# list of the whole shape, by the fields of a call; -1 for a size that is not known before the run."""
    row = [(size.field if size in known_axes else "-1") if isinstance(size, Axis) else str(size) for size in view.shape]
    return ", ".join([batch, *row] if batched else row)


def _read_row(view: View, place: int) -> str:
    """C# expression: row `index` of an output."""
    output, length = f"_outputs[{place}]", _row_length(view)
    start = "index" if length == "1" else f"index * {length}"
    if view.text:
        return f"{output}.GetStringElement(index)" if view.scalar else f"ReadTexts({output}, {start}, {length})"
    span = view.typed_span(f"{output}.GetTensorDataAsSpan<{view.storage}>()")
    return f"{span}[index]" if view.scalar else f"{span}.Slice({start}, {length}).ToArray()"
