"""An adapted network -> ONNX by torch's two exporters: dynamo, and the tracer that dynamo replaces. Imports torch."""

import contextlib
import io
import logging
import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import onnx
import onnx_ir
import torch
from onnx import ModelProto, TensorProto
from torch import nn
from torch.jit._trace import TracerWarning

from pipeline.core.arrays import Arrays
from pipeline.core.errors import PipelineError
from pipeline.export import diagnostics
from pipeline.graph import external_data, onnx_model


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


class Exported(NamedTuple):
    """The model, sizes of its graph before constant folding, and the network's lines that a tracer warned of and froze."""

    model: ModelProto
    before: dict[str, Any]
    frozen: list[str]


Exporter = Callable[[nn.Module, Job], tuple[ModelProto, dict[str, Any]]]


def dynamo(network: nn.Module, job: Job) -> tuple[ModelProto, dict[str, Any]]:
    """Export through torch.export, then fold constants."""
    program = torch.onnx.export(
        network,
        tuple(torch.from_numpy(array.copy()) for array in job.example.values()),
        dynamo=True,
        optimize=False,
        opset_version=job.opset,
        input_names=list(job.example),
        output_names=list(job.outputs),
        dynamic_shapes={"values": tuple(job.dynamic_axes.get(name, {}) for name in job.example)},
        verbose=False,
    )
    if program is None:
        raise PipelineError("it made no graph")
    widen_indices(program.model.graph)
    weights = sum(value.const_value.nbytes for value in program.model.graph.initializers.values() if value.const_value)
    if weights > _ROOM * external_data.LIMIT:
        onnx_ir.external_data.unload_from_model(
            program.model, job.folder, "dynamo.data", size_threshold_bytes=external_data.INLINE
        )
    whole = program.model_proto
    before = onnx_model.count(whole)
    bare, held = external_data.detach(whole)
    if held:  # the optimizer would fold copies of them
        program.model = onnx_ir.serde.deserialize_model(bare)
    program.optimize()
    made: ModelProto = program.model_proto
    external_data.attach(made, held)
    return made, before


def widen_indices(made: onnx_ir.Graph) -> None:
    """Cast the 32-bit indices that torch takes and ONNX does not, such as those by which torch.istft adds up its windows.

    Not all types are known here: a cast that changes nothing is folded away.
    """
    for node in list(made.all_nodes()):
        indices = node.inputs[1] if node.op_type == "ScatterND" else None
        if indices is not None and indices.dtype != onnx_ir.DataType.INT64:
            cast = onnx_ir.node("Cast", [indices], {"to": onnx_ir.DataType.INT64})
            node.prepend(cast)
            node.replace_input_with(1, cast.outputs[0])


def tracer(network: nn.Module, job: Job) -> tuple[ModelProto, dict[str, Any]]:
    """Export what one run of the network did; whatever depends on values is frozen as it was in that run."""
    file = job.folder / "traced.onnx"
    dynamic = {name: dict(axes) for name, axes in job.dynamic_axes.items()}
    dynamic |= {
        name: {axis: size for axis, size in enumerate(shape) if isinstance(size, str)}
        for name, shape in job.outputs.items()
    }
    state = network.state_dict()
    large = sum(tensor.nbytes for tensor in state.values()) > _ROOM * external_data.LIMIT
    torch.onnx.export(
        network,
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
    return made, onnx_model.count(made)


def _give_weights(made: ModelProto, state: Mapping[str, torch.Tensor], folder: Path) -> None:
    """Make initializers, in a file of `folder`, of those inputs of the graph that are weights."""
    held = {}
    with (folder / "traced.data").open("wb") as file:
        for value in [value for value in made.graph.input if value.name in state]:
            kind = value.type.tensor_type
            dims = [dim.dim_value for dim in kind.shape.dim]
            held[value.name] = TensorProto(name=value.name, data_type=kind.elem_type, dims=dims)
            raw = state[value.name].contiguous().reshape(-1).view(torch.uint8).numpy()
            if raw.size < external_data.INLINE:
                held[value.name].raw_data = raw.tobytes()
            else:
                external_data.place(held[value.name], external_data.Place("traced.data", file.tell(), raw.size))
                file.write(raw.data)
    external_data.attach(made, held)


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


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Throw away what reaches the process's own standard output: there the tracer prints the graph that it refuses."""
    kept = os.dup(1)
    try:
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def export(which: str, network: nn.Module, job: Job) -> Exported:
    """Export with one exporter.

    Args:
        which: "dynamo" or "tracer".
        network: Takes its inputs by position and answers a flat tuple (pipeline/adapter.py); in evaluation mode.
        job: What to export.

    The tracer folds constants while it exports.

    Raises:
        PipelineError: The exporter refuses the network, or cannot reach the opset.
    """
    # What the exporters say of their own insides helps nobody who reads it here.
    for library in ("torch", "onnxscript"):
        logging.getLogger(library).setLevel(logging.ERROR)
    try:
        with (
            warnings.catch_warnings(record=True) as warned,
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.redirect_stdout(io.StringIO()),
            quiet(),
        ):
            warnings.simplefilter("always", TracerWarning)
            made, before = EXPORTERS[which](network, job)
    except (*REFUSALS, torch.onnx.errors.OnnxExporterError, torch.onnx.OnnxExporterError) as error:
        # Where dynamo speaks of an input by its place, the reader knows its name.
        said = re.sub(
            r"inputs\['values'\]\[(\d+)\]", lambda place: list(job.example)[int(place[1])], diagnostics.explain(error)
        )
        raise PipelineError(f"torch's {which} exporter refuses the network: {said}") from None
    reached = next(entry.version for entry in made.opset_import if entry.domain in ("", "ai.onnx"))
    if reached != job.opset:
        raise PipelineError(
            f"expected opset {job.opset} (export.opset), got {reached}: torch's {which} exporter cannot convert this graph that far; use "
            f"export.opset={reached}"
        )
    name_axes(made, job.outputs)
    told = [(w.filename, w.lineno, str(w.message)) for w in warned if issubclass(w.category, TracerWarning)]
    return Exported(made, before, diagnostics.frozen(told))


def name_axes(model: ModelProto, outputs: Mapping[str, list[int | str]]) -> None:
    """Name the outputs' dynamic axes as the contract does; an axis that the exporter fixed stays fixed, to be found."""
    for value in model.graph.output:
        dims = value.type.tensor_type.shape.dim
        for dim, size in zip(dims, outputs.get(value.name, []), strict=False):
            if isinstance(size, str) and not dim.HasField("dim_value"):
                dim.dim_param = size
            elif isinstance(size, int) and not dim.HasField("dim_value"):
                dim.dim_value = size
