"""Weights beside the graph: what protobuf cannot hold goes into a file of its own.

`build/exported.onnx` then names `exported.data/weights`. The folder is always there, because DVC's outputs are, and is empty
where the graph holds its weights itself.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple

from onnx import ModelProto, NodeProto, TensorProto, helper
from onnx.external_data_helper import ExternalDataInfo, load_external_data_for_tensor, uses_external_data

from pipeline.core.errors import PipelineError
from pipeline.core.files import replacing

# Bytes of one protobuf message, at most.
LIMIT = 2**31 - 1
# Shapes and other small tensors stay in the graph, where shape inference reads them.
INLINE = 1024
_CHUNK = 1 << 20


class Place(NamedTuple):
    """Where a tensor's bytes are: `file` is relative to the graph's folder."""

    file: str
    offset: int
    length: int


def weights(path: Path) -> Path:
    """The file that takes the weights of the graph at `path`."""
    return path.with_suffix(".data") / "weights"


def places(model: ModelProto) -> list[Place]:
    """Where the weights are that the graph does not hold; empty when it holds them all."""
    return [_place(tensor) for tensor in model.graph.initializer if uses_external_data(tensor)]


def size(model: ModelProto) -> int:
    """Bytes of the graph and of its weights, wherever they are."""
    return int(model.ByteSize()) + sum(found.length for found in places(model))


def check_whole(model: ModelProto, path: Path, made_by: str) -> None:
    """Raise PipelineError unless the weights that the graph at `path` names are there, all of them."""
    ends: dict[str, int] = {}
    for found in places(model):
        ends[found.file] = max(ends.get(found.file, 0), found.offset + found.length)
    for name, expected in ends.items():
        file = path.parent / name
        there = file.stat().st_size if file.is_file() else None
        if there != expected:
            got = "no such file" if there is None else f"{there:,}"
            raise PipelineError(
                f"{path}: expected {expected:,} bytes of weights in {file}, got {got}; make both again with `python -m pipeline {made_by}`"
            )


def move_out(model: ModelProto, folder: Path, path: Path) -> None:
    """Write the weights of `model` beside the graph that will be at `path`, and let `model` name them there.

    They are copied in the graph's order, piece by piece: those in memory, and those in files of `folder`.
    """
    target = weights(path)
    with replacing(target) as beside, beside.open("wb") as file:
        for tensor in model.graph.initializer:
            outside = uses_external_data(tensor)
            length = _place(tensor).length if outside else len(tensor.raw_data)
            if length < INLINE:
                if outside:
                    load_external_data_for_tensor(tensor, str(folder))
                continue
            offset = file.tell()
            if outside:
                _copy(folder, _place(tensor), file)
            else:
                file.write(tensor.raw_data)
            place(tensor, Place(target.relative_to(path.parent).as_posix(), offset, length))
    for other in target.parent.iterdir():
        if other != target:  # what a killed process has left
            other.unlink()


def place(tensor: TensorProto, where: Place) -> None:
    """Say in `tensor` that its bytes are outside of the graph, and where."""
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    del tensor.external_data[:]
    for key, value in (("location", where.file), ("offset", where.offset), ("length", where.length)):
        tensor.external_data.add(key=key, value=str(value))


def bring_in(model: ModelProto, folder: Path) -> None:
    """Read the weights that are in files of `folder` into `model`."""
    for tensor in model.graph.initializer:
        if uses_external_data(tensor):
            load_external_data_for_tensor(tensor, str(folder))


def detach(model: ModelProto) -> tuple[ModelProto, dict[str, TensorProto]]:
    """The model with inputs where it has weights outside of the graph, and those weights by name.

    For libraries that would read weights where they are initializers, several times at once: what works on graphs needs to
    know their types alone. The model itself, where there are no such weights.
    """
    held = {tensor.name: tensor for tensor in model.graph.initializer if uses_external_data(tensor)}
    if not held:
        return model, held
    bare = ModelProto()
    bare.CopyFrom(model)
    del bare.graph.initializer[:]
    bare.graph.initializer.extend(tensor for tensor in model.graph.initializer if tensor.name not in held)
    bare.graph.input.extend(
        helper.make_tensor_value_info(name, tensor.data_type, list(tensor.dims)) for name, tensor in held.items()
    )
    return bare, held


def attach(model: ModelProto, held: Mapping[str, TensorProto]) -> None:
    """Make initializers again of the inputs that are weights, where the graph still uses them."""
    used = {name for node in model.graph.node for name in _reads(node)} | {value.name for value in model.graph.output}
    inputs = [value for value in model.graph.input if value.name not in held]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    model.graph.initializer.extend(tensor for name, tensor in held.items() if name in used)


def clear(path: Path) -> None:
    """Leave no weights beside the graph at `path`, which holds them itself."""
    folder = weights(path).parent
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        file.unlink()


def _reads(node: NodeProto) -> Iterator[str]:
    """Names that a node reads, those that its nested graphs read too."""
    yield from node.input
    for attribute in node.attribute:
        for nested in [attribute.g, *attribute.graphs]:
            for inner in nested.node:
                yield from _reads(inner)


def _place(tensor: TensorProto) -> Place:
    said = ExternalDataInfo(tensor)
    return Place(said.location, said.offset or 0, said.length or 0)


def _copy(folder: Path, where: Place, target: IO[bytes]) -> None:
    with (folder / where.file).open("rb") as source:
        source.seek(where.offset)
        for start in range(0, where.length, _CHUNK):
            target.write(source.read(min(_CHUNK, where.length - start)))
