"""An adapted network to ONNX by torch's two exporters: dynamo, and the TorchScript tracer that came before. Imports torch."""

import contextlib
import io
import logging
import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

import onnx
import onnx_ir
import torch
from onnx import ModelProto
from onnx_ir.tensor_adapters import TorchTensor
from torch import nn
from torch.jit._trace import TracerWarning

from pipeline.core.arrays import Arrays
from pipeline.core.errors import PipelineError
from pipeline.export import derivatives, diagnostics, notes, rewriting
from pipeline.export.assumptions import Assumption
from pipeline.export.conversion import TORCH_OPSET, find_obstacle, lower_opset
from pipeline.export.guards import GuardRecorder
from pipeline.export.size_arithmetic import compute_sizes_in_double
from pipeline.export.translations import TRANSLATIONS
from pipeline.graph import external_data
from pipeline.graph.integer_types import widen_integers


class ExportRequest(NamedTuple):
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


class Exported(NamedTuple):
    """The model, its size before constant folding (`onnx_model.count`), the network's lines whose result was frozen, and what was
    taken for granted of sizes.
    """

    model: ModelProto
    before_folding: dict[str, Any]
    frozen: list[str]
    assumptions: list[Assumption]


def export(exporter: str, network: nn.Module, request: ExportRequest) -> Exported:
    """Export with one exporter.

    Args:
        exporter: "dynamo" or "tracer".
        network: Takes its inputs by position and answers a flat tuple (adapter.py); in evaluation mode.
        request: What to export.

    Raises:
        PipelineError: The exporter refuses the network, or cannot reach the opset.
    """
    # With gradients on, an in-place edit of a view is refused that the network makes without.
    with torch.no_grad(), rewriting.exportable(network):
        exported = EXPORTERS[exporter](network, request)
    widen_integers(exported.model)
    opset = next(entry.version for entry in exported.model.opset_import if entry.domain in ("", "ai.onnx"))
    if opset != request.opset:
        obstacle = find_obstacle(exported.model, request.opset)
        raise PipelineError(
            f"expected opset {request.opset} (export.opset), got {opset}: torch's {exporter} exporter cannot convert this graph that far"
            f"{f' ({obstacle})' if obstacle else ''}; use export.opset={opset}"
        )
    return exported


def export_dynamo(network: nn.Module, request: ExportRequest) -> Exported:
    """Export through torch.export, then fold constants."""
    if scripted := [name for name, module in network.named_modules() if isinstance(module, torch.jit.ScriptModule)]:
        raise PipelineError(f"torch's dynamo exporter takes no TorchScript ({scripted[0]})")
    axes = [request.dynamic_axes.get(name, {}) for name in request.example]
    options = {
        "dynamo": True,
        "optimize": False,
        "custom_translation_table": TRANSLATIONS,
        "dynamic_shapes": {"values": tuple(axes)},
    }
    recorder = GuardRecorder()
    convertible = request._replace(opset=max(request.opset, TORCH_OPSET))
    with recorder.recording():
        try:
            program, _ = _call_torch("dynamo", network, convertible, **options)
        except PipelineError:
            example = [torch.from_numpy(array.copy()) for array in request.example.values()]
            if not derivatives.differentiates(network, example):
                raise
            program, _ = _call_torch("dynamo", derivatives.Unrolled(network, example), convertible, **options)
    assumptions = recorder.assumptions(program.exported_program, axes)
    if request.opset < TORCH_OPSET:
        lower_opset(program.model, request.opset)
    widen_indices(program.model.graph)
    compute_sizes_in_double(program.model.graph)
    external_data.unload(program.model, request.folder, "dynamo.data")
    before_folding = notes.count_without_notes(program.model_proto)
    weights = external_data.detach(program.model)  # the optimizer would fold copies of them
    program.optimize()
    external_data.attach(program.model, weights)
    return Exported(program.model_proto, before_folding, [], assumptions)


def widen_indices(graph: onnx_ir.Graph) -> None:
    """Cast the 32-bit indices that torch takes and ONNX does not, such as those by which torch.istft adds up its windows.

    Not all types are known here: a cast that changes nothing is folded away.
    """
    for node in list(graph.all_nodes()):
        indices = node.inputs[1] if node.op_type == "ScatterND" else None
        if indices is not None and indices.dtype != onnx_ir.DataType.INT64:
            cast = onnx_ir.node("Cast", [indices], {"to": onnx_ir.DataType.INT64})
            node.prepend(cast)
            node.replace_input_with(1, cast.outputs[0])


def export_tracer(network: nn.Module, request: ExportRequest) -> Exported:
    """Export what one run of the network did, constants folded; what depends on values is frozen as it was in that run."""
    file = request.folder / "traced.onnx"
    dynamic_axes = {name: dict(axes) for name, axes in request.dynamic_axes.items()}
    dynamic_axes |= {
        name: {axis: size for axis, size in enumerate(shape) if isinstance(size, str)}
        for name, shape in request.outputs.items()
    }
    if any(isinstance(module, torch.jit.ScriptModule) for module in network.modules()):
        network = inline_scripts(network, request)
    state = network.state_dict()
    large = sum(tensor.nbytes for tensor in state.values()) > external_data.ROOM * external_data.LIMIT
    _, tracer_warnings = _call_torch(
        "tracer",
        network,
        request,
        str(file),
        dynamo=False,
        dynamic_axes=dynamic_axes,
        # With the weights the tracer holds them three times; without, they are inputs of its graph.
        export_params=not large,
        do_constant_folding=not large,
    )
    if large:
        lazy = onnx_ir.load(file)
        external_data.attach(lazy, {name: TorchTensor(tensor, name) for name, tensor in state.items()})
        external_data.unload(lazy, request.folder, "traced.data")
        model = onnx_ir.to_proto(lazy)
    else:
        model = onnx.load(file)
    notes.note_modules(model, network)
    frozen = diagnostics.frozen_lines(tracer_warnings)
    return Exported(model, notes.count_without_notes(model), frozen, [])


def inline_scripts(network: nn.Module, request: ExportRequest) -> nn.Module:
    """The network and the TorchScript modules in it as one, in which dicts of tensors are resolved: ONNX has none."""
    example = tuple(torch.from_numpy(array.copy()) for array in request.example.values())
    try:
        trace: Any = torch.jit.trace
        inlined: Any = torch.jit.freeze(trace(network, example, check_trace=False))
    except diagnostics.NETWORK_ERRORS as error:
        if diagnostics.is_own(error):
            raise
        raise PipelineError(f"torch's tracer exporter refuses the network: {diagnostics.explain(error)}") from None
    torch._C._jit_pass_inline(inlined.graph)
    torch._C._jit_pass_peephole(inlined.graph)
    torch._C._jit_pass_dce(inlined.graph)
    return cast(nn.Module, inlined)


EXPORTERS: Mapping[str, Callable[[nn.Module, ExportRequest], Exported]] = {
    "dynamo": export_dynamo,
    "tracer": export_tracer,
}


def _call_torch(
    exporter: str, network: nn.Module, request: ExportRequest, *arguments: Any, **options: Any
) -> tuple[Any, list[diagnostics.SourceWarning]]:
    """Call torch.onnx.export, and nothing else, so that only what torch and the network raise is taken for a refusal.

    Returns:
        What it returns, and the tracer's warnings.

    Raises:
        PipelineError: torch refuses the network. An error of our own code under it is raised as it is.
    """
    # The exporters' log messages are about their internals; what matters to the reader is in the error.
    for library in ("torch", "onnxscript", "onnx_ir"):
        logging.getLogger(library).setLevel(logging.ERROR)
    example = tuple(torch.from_numpy(array.copy()) for array in request.example.values())
    names = list(request.example)
    try:
        with (
            torch.no_grad(),  # as it answers: edits in place that torch refuses while it keeps gradients are then allowed
            warnings.catch_warnings(record=True) as caught,
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.redirect_stdout(io.StringIO()),
            suppress_native_stdout(),
        ):
            warnings.simplefilter("always", TracerWarning)
            program = torch.onnx.export(
                network,
                example,
                *arguments,
                opset_version=request.opset,
                input_names=names,
                output_names=list(request.outputs),
                # The tracer then notes on each node where it comes from; what it prints is suppressed.
                verbose=exporter == "tracer",
                **options,
            )
    except (torch.onnx.OnnxExporterError, *diagnostics.NETWORK_ERRORS) as error:
        if diagnostics.is_own(error):
            raise
        # dynamo names an input by its index; the reader knows it by its name.
        reason = re.sub(r"inputs\['values'\]\[(\d+)\]", lambda match: names[int(match[1])], diagnostics.explain(error))
        raise PipelineError(f"torch's {exporter} exporter refuses the network: {reason}") from None
    return program, [
        diagnostics.SourceWarning(warning.filename, warning.lineno, str(warning.message))
        for warning in caught
        if issubclass(warning.category, TracerWarning)
    ]


@contextlib.contextmanager
def suppress_native_stdout() -> Iterator[None]:
    """Discard what reaches the process's own standard output: there the tracer prints the graph that it refuses."""
    stdout = os.dup(1)
    try:
        with Path(os.devnull).open("wb") as null_device:
            os.dup2(null_device.fileno(), 1)
        yield
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)
