"""ONNX graphs: load, check, count, save."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnx
from google.protobuf.message import DecodeError
from onnx import GraphProto, ModelProto, NodeProto

from pipeline.core.errors import PipelineError
from pipeline.core.files import missing, write_bytes
from pipeline.graph import external_data, mapped_weights


def load(path: Path, made_by: str) -> ModelProto:
    """Read a model; weights that are beside the graph stay there.

    Raises:
        PipelineError: The file is missing or is not an ONNX model, or weights that it names are not there.
    """
    return _check_whole(path, made_by, lambda: onnx.load(path, load_external_data=False))


def load_graph(path: Path, made_by: str) -> ModelProto:
    """Read what a graph says of itself; its weights stay in the file, so that it takes next to no memory.

    Raises:
        PipelineError: As `load`.
    """
    return _check_whole(path, made_by, lambda: mapped_weights.read_graph(path))


def _check_whole(path: Path, made_by: str, read: Callable[[], ModelProto]) -> ModelProto:
    """What `read` reads from `path`, once it is known that nothing is missing."""
    try:
        model = read()
    except FileNotFoundError:
        raise missing(path, made_by) from None
    except DecodeError:
        model = ModelProto()
    if not model.graph.output:
        raise PipelineError(
            f"{path}: expected an ONNX model, got a damaged or truncated file; make it again with `python -m pipeline {made_by}`"
        )
    external_data.check_complete(model, path, made_by)
    return model


def save(model: ModelProto, path: Path, source: Path | None = None) -> None:
    """Write `model`, whole or not at all; equal models give equal bytes.

    One file, unless protobuf cannot hold it: then the weights go into a file beside it, first.

    Args:
        model: What to write; stays as it is.
        path: Where.
        source: Folder of the files of weights that `model` names; that of `path` by default.

    Raises:
        PipelineError: What is no weight is more than protobuf holds.
    """
    if external_data.outside(model) or external_data.size(model) > external_data.LIMIT:
        model = external_data.move_weights(model, source or path.parent, path)
    if model.ByteSize() > external_data.LIMIT:
        raise PipelineError(
            f"{path}: expected at most {external_data.LIMIT:,} bytes beside the weights, got {model.ByteSize():,}: register large "
            "constants of the network as buffers, so that they are weights"
        )
    write_bytes(path, model.SerializeToString(deterministic=True))
    if not external_data.outside(model):
        external_data.weights(path).unlink(missing_ok=True)


def files(path: Path) -> list[Path]:
    """The files of a model: its own, and that of the weights beside it where there are some."""
    return [file for file in (path, external_data.weights(path)) if file == path or file.exists()]


def fingerprint(path: Path) -> str:
    """SHA-256 of a model, in hexadecimal: of its file, and of the weights beside it where there are some."""
    digest = hashlib.sha256()
    for part in files(path):
        with part.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()


def check(model: ModelProto, where: str) -> None:
    """Run the ONNX checker and strict shape inference.

    Raises:
        PipelineError: Either refuses the model.
    """
    stripped, _ = external_data.strip(model)  # the checker looks for weights beside a file
    try:
        onnx.checker.check_model(stripped, full_check=True)
        onnx.shape_inference.infer_shapes(stripped, check_type=True, strict_mode=True, data_prop=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise PipelineError(f"{where}: the ONNX checker refuses the graph: {' '.join(str(error).split())}") from None


def nodes(graph: GraphProto) -> Iterator[NodeProto]:
    """Every node, those of nested graphs (If, Loop, Scan) too."""
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for nested in [attribute.g, *attribute.graphs]:
                yield from nodes(nested)


def count(model: ModelProto) -> dict[str, Any]:
    """Size of a graph: nodes, nodes by op (commonest first), initializers, foldable nodes, and bytes with the weights."""
    ops = Counter(node.op_type for node in nodes(model.graph))
    return {
        "nodes": ops.total(),
        "ops": dict(sorted(ops.items(), key=lambda item: (-item[1], item[0]))),
        "initializers": len(model.graph.initializer),
        "foldable": foldable(model),
        "bytes": external_data.size(model),
    }


def foldable(model: ModelProto) -> int:
    """Nodes of the main graph whose every input is known before the model runs: what constant folding removes."""
    constants = {tensor.name for tensor in model.graph.initializer}
    total = 0
    for node in model.graph.node:  # in topological order, as the checker demands
        if all(not name or name in constants for name in node.input) and not node.op_type.startswith("Random"):
            constants.update(node.output)
            total += node.op_type != "Constant"
    return total


def metadata(model: ModelProto) -> dict[str, str]:
    return {entry.key: entry.value for entry in model.metadata_props}
