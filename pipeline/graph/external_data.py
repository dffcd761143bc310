"""Weights beside the graph: what protobuf cannot hold goes into one file next to it, `model.onnx.data` for `model.onnx`.

onnx-ir does what is done to such weights, by tensors that it reads where they are; it is imported only where there are some,
because it takes longer to import than the rest of `validate` together.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from onnx import ModelProto
from onnx.external_data_helper import ExternalDataInfo, uses_external_data

from pipeline.core.errors import PipelineError

if TYPE_CHECKING:
    import onnx_ir

    Weights = dict[str, onnx_ir.TensorProtocol]

# Bytes of one protobuf message, at most.
LIMIT = 2**31 - 1
# Share of LIMIT that weights may take before they leave the graph, which needs room too.
ROOM = 0.95
# Tensors of up to so many bytes stay in the graph: shape inference reads shapes there.
INLINE = 1024


def weights(path: Path) -> Path:
    """The file that takes the weights of the graph at `path`."""
    return path.with_name(f"{path.name}.data")


def outside(model: ModelProto) -> list[ExternalDataInfo]:
    """Where the weights are that the graph does not hold, in its order; empty when it holds them all."""
    return [ExternalDataInfo(tensor) for tensor in model.graph.initializer if uses_external_data(tensor)]


def size(model: ModelProto) -> int:
    """Bytes of the graph and of its weights, wherever they are."""
    return int(model.ByteSize()) + sum(info.length or 0 for info in outside(model))


def check_complete(model: ModelProto, path: Path, made_by: str) -> None:
    """Raise PipelineError unless the weights that the graph at `path` names are there, all of them."""
    ends: dict[str, int] = {}
    for info in outside(model):
        if info.location == path.resolve().name:  # a place that mapped_weights has seen in the very file
            continue
        ends[info.location] = max(ends.get(info.location, 0), (info.offset or 0) + (info.length or 0))
    for name, expected in ends.items():
        file = path.parent / name
        actual = file.stat().st_size if file.is_file() else None
        if actual != expected:
            got = "no such file" if actual is None else f"{actual:,}"
            raise PipelineError(
                f"{path}: expected {expected:,} bytes of weights in {file}, got {got}; make both again with `python -m pipeline {made_by}`"
            )


def move_weights(model: ModelProto, source: Path, path: Path) -> ModelProto:
    """`model` with its weights where `save` puts them for the graph at `path`: in it, or beside it when they are too many.

    Args:
        model: Stays as it is.
        source: Folder of the files of weights that `model` names.
        path: The graph's file; that of its weights is written, whole or not at all.

    Raises:
        PipelineError: Weights in `source` are links, which onnx-ir does not follow.
    """
    import onnx_ir

    lazy = onnx_ir.from_proto(model)
    onnx_ir.external_data.set_base_dir(lazy.graph, source)
    try:
        if size(model) > LIMIT:
            path.parent.mkdir(parents=True, exist_ok=True)
            onnx_ir.external_data.unload_from_model(lazy, path.parent, weights(path).name, size_threshold_bytes=INLINE)
        else:
            onnx_ir.external_data.load_to_model(lazy)
    except ValueError as error:
        raise PipelineError(
            f"{path}: expected weights in files of their own, got: {error} Let DVC copy them: `dvc config cache.type reflink,copy`, "
            "then `dvc checkout --relink`"
        ) from None
    return onnx_ir.to_proto(lazy)


def unload(model: "onnx_ir.Model", folder: Path, name: str) -> None:
    """Move weights that protobuf cannot hold out of `model`, into the file `name` of `folder`."""
    import onnx_ir

    tensors = [value.const_value for value in model.graph.initializers.values() if value.const_value is not None]
    if sum(tensor.nbytes for tensor in tensors) > ROOM * LIMIT:
        onnx_ir.external_data.unload_from_model(model, folder, name, size_threshold_bytes=INLINE)


def detach(model: "onnx_ir.Model") -> "Weights":
    """Make inputs of the initializers that are outside of the graph; those weights by name.

    For libraries that would read weights where they are initializers, several times at once: what works on graphs needs to
    know their types alone.
    """
    import onnx_ir

    detached: Weights = {}
    for name, value in list(model.graph.initializers.items()):
        if isinstance(value.const_value, onnx_ir.ExternalTensor):
            detached[name] = value.const_value
            del model.graph.initializers[name]
            value.const_value = None
            model.graph.inputs.append(value)
    return detached


def attach(model: "onnx_ir.Model", detached: "Weights") -> None:
    """Make initializers again of the inputs that are weights, where the graph still uses them."""
    for value in [value for value in model.graph.inputs if value.name in detached]:
        model.graph.inputs.remove(value)
        if value.uses() or value.is_graph_output():
            value.const_value = detached[str(value.name)]
            model.graph.register_initializer(value)


def strip(model: ModelProto) -> "tuple[ModelProto, Weights]":
    """`model` with inputs where it has weights outside of the graph, and those weights; itself where it has none."""
    if not outside(model):
        return model, {}
    import onnx_ir

    lazy = onnx_ir.from_proto(model)
    detached = detach(lazy)
    return onnx_ir.to_proto(lazy), detached


def restore(model: ModelProto, detached: "Weights") -> ModelProto:
    """`model` with the weights that `strip` took."""
    if not detached:
        return model
    import onnx_ir

    lazy = onnx_ir.from_proto(model)
    attach(lazy, detached)
    return onnx_ir.to_proto(lazy)
