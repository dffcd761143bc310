"""nn.Module -> ONNX by torch's two exporters: dynamo, and the tracer that dynamo replaces. Imports torch."""

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import onnx
import onnx_ir
import torch
from onnx import ModelProto, TensorProto
from torch import nn

from pipeline import external, graph
from pipeline.arrays import Arrays
from pipeline.errors import PipelineError
from pipeline.outputs import leaves


class Job(NamedTuple):
    """What to export.

    `example` has inputs by name, two rows or more: an axis traced at size 1 is taken for a constant. `outputs` has the shape of
    each output with its dynamic axes named, `dynamic_axes` the names of the inputs', by axis. `folder` takes the weights that
    protobuf cannot hold: the exported model names its files.
    """

    example: Arrays
    outputs: dict[str, list[int | str]]
    dynamic_axes: dict[str, dict[int, str]]
    opset: int
    folder: Path


# Share of protobuf's limit that weights may take: the graph itself needs room too.
_ROOM = 0.95

Exported = tuple[ModelProto, dict[str, Any]]
Exporter = Callable[[nn.Module, Job], Exported]


class Positional(nn.Module):
    """The network with its inputs by position and its answer as a flat tuple, which is what the tracer takes."""

    def __init__(self, network: nn.Module, inputs: list[str]) -> None:
        super().__init__()
        self.network = network
        self.inputs = inputs

    def forward(self, *values: torch.Tensor) -> tuple[torch.Tensor, ...]:
        answer = self.network(**dict(zip(self.inputs, values, strict=True)))
        return tuple(tensor for _, tensor in leaves(answer))


def dynamo(network: nn.Module, job: Job) -> Exported:
    """Export through torch.export, then fold constants."""
    program = torch.onnx.export(
        network,
        kwargs={name: torch.from_numpy(array.copy()) for name, array in job.example.items()},
        dynamo=True,
        optimize=False,
        opset_version=job.opset,
        input_names=list(job.example),
        output_names=list(job.outputs),
        dynamic_shapes={name: job.dynamic_axes.get(name, {}) for name in job.example},
        verbose=False,
    )
    if program is None:
        raise PipelineError("it made no graph")
    weights = sum(value.const_value.nbytes for value in program.model.graph.initializers.values() if value.const_value)
    if weights > _ROOM * external.LIMIT:
        onnx_ir.external_data.unload_from_model(
            program.model, job.folder, "dynamo.data", size_threshold_bytes=external.INLINE
        )
    whole = program.model_proto
    before = graph.count(whole)
    bare, held = external.detach(whole)
    if held:  # the optimizer would fold copies of them
        program.model = onnx_ir.serde.deserialize_model(bare)
    program.optimize()
    made: ModelProto = program.model_proto
    external.attach(made, held)
    return made, before


def tracer(network: nn.Module, job: Job) -> Exported:
    """Export what one run of the network did; whatever depends on values is frozen as it was in that run."""
    file = job.folder / "traced.onnx"
    dynamic = {name: dict(axes) for name, axes in job.dynamic_axes.items()}
    dynamic |= {
        name: {axis: size for axis, size in enumerate(shape) if isinstance(size, str)}
        for name, shape in job.outputs.items()
    }
    positional = Positional(network, list(job.example))
    state = positional.state_dict()
    large = sum(tensor.nbytes for tensor in state.values()) > _ROOM * external.LIMIT
    torch.onnx.export(
        positional,
        tuple(torch.from_numpy(array.copy()) for array in job.example.values()),
        str(file),
        dynamo=False,
        opset_version=job.opset,
        input_names=list(job.example),
        output_names=list(job.outputs),
        dynamic_axes=dynamic,
        # With the weights it holds them three times.
        export_params=not large,
        do_constant_folding=not large,
        verbose=False,
    )
    made = onnx.load(file, load_external_data=False)
    if large:
        _give_weights(made, state, job.folder)
    return made, graph.count(made)


def _give_weights(made: ModelProto, state: Mapping[str, torch.Tensor], folder: Path) -> None:
    """Make initializers, in a file of `folder`, of those inputs of the graph that are weights."""
    held = {}
    with (folder / "traced.data").open("wb") as file:
        for value in [value for value in made.graph.input if value.name in state]:
            kind = value.type.tensor_type
            dims = [dim.dim_value for dim in kind.shape.dim]
            held[value.name] = TensorProto(name=value.name, data_type=kind.elem_type, dims=dims)
            raw = state[value.name].contiguous().reshape(-1).view(torch.uint8).numpy()
            if raw.size < external.INLINE:
                held[value.name].raw_data = raw.tobytes()
            else:
                external.place(held[value.name], external.Place("traced.data", file.tell(), raw.size))
                file.write(raw.data)
    external.attach(made, held)


EXPORTERS: Mapping[str, Exporter] = {"dynamo": dynamo, "tracer": tracer}
# What either raises for a network that it cannot export; their own errors derive from these.
REFUSALS = (
    RuntimeError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    NotImplementedError,
    AssertionError,
)


def export(which: str, network: nn.Module, job: Job) -> Exported:
    """Export with one exporter.

    Args:
        which: "dynamo" or "tracer".
        network: In evaluation mode.
        job: What to export.

    Returns:
        The model, and sizes of its graph before constant folding (the tracer folds while it exports).

    Raises:
        PipelineError: The exporter refuses the network, freezes a dynamic axis, or cannot reach the opset.
    """
    # What the exporters say of their own insides helps nobody who reads it here.
    for library in ("torch", "onnxscript"):
        logging.getLogger(library).setLevel(logging.ERROR)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            made, before = EXPORTERS[which](network, job)
    except (*REFUSALS, torch.onnx.errors.OnnxExporterError, torch.onnx.OnnxExporterError) as error:
        raise PipelineError(f"torch's {which} exporter refuses the network: {explain(error)}") from None
    reached = next(entry.version for entry in made.opset_import if entry.domain in ("", "ai.onnx"))
    if reached != job.opset:
        raise PipelineError(
            f"expected opset {job.opset} (export.opset), got {reached}: torch's {which} exporter cannot convert this graph that far; use "
            f"export.opset={reached}"
        )
    name_axes(made, job.outputs)
    return made, before


def explain(error: BaseException) -> str:
    """The first line that says what is wrong, of the error that started it."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    # A first line that ends in a colon only announces what is wrong.
    return f"{type(error).__name__}: {' '.join(lines[: 1 + lines[0].endswith(':')])}"


def name_axes(model: ModelProto, outputs: Mapping[str, list[int | str]]) -> None:
    """Name the outputs' dynamic axes as the contract does; an axis that the exporter fixed stays fixed, to be found."""
    for value in model.graph.output:
        dims = value.type.tensor_type.shape.dim
        for dim, size in zip(dims, outputs.get(value.name, []), strict=False):
            if isinstance(size, str) and not dim.HasField("dim_value"):
                dim.dim_param = size
            elif isinstance(size, int) and not dim.HasField("dim_value"):
                dim.dim_value = size
