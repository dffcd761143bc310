"""A graph in pieces of a node each: what goes into one, what comes out, and its answer to any values."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, shape_inference

from pipeline.core.arrays import Array, Arrays, is_text
from pipeline.graph import mapped_weights
from pipeline.graph.session import answer, open_session

# Operators that make, and that end, what is no tensor: such a value never leaves a piece.
OPEN = (
    "SplitToSequence",
    "SequenceConstruct",
    "SequenceEmpty",
    "SequenceInsert",
    "SequenceErase",
    "SequenceMap",
    "Optional",
)
# Of what onnxruntime gives numpy an array; values of other types (bfloat16, four bits, eight-bit floats) never leave a piece either.
ARRAYS = {
    TensorProto.BOOL,
    TensorProto.DOUBLE,
    TensorProto.FLOAT,
    TensorProto.FLOAT16,
    TensorProto.INT8,
    TensorProto.INT16,
    TensorProto.INT32,
    TensorProto.INT64,
    TensorProto.STRING,
    TensorProto.UINT8,
    TensorProto.UINT16,
    TensorProto.UINT32,
    TensorProto.UINT64,
}
# The answer of these says nothing of the values that they are given.
VALUELESS = {"Shape", "Size"}


class Piece(NamedTuple):
    """Nodes that run together: one, unless values go between them that are no arrays.

    `inputs` are values that other nodes make, or that the graph is given; initializers are not among them.
    """

    number: int
    nodes: Sequence[NodeProto]
    inputs: Sequence[str]
    outputs: Sequence[str]

    @property
    def valueless(self) -> bool:
        return all(node.op_type in VALUELESS for node in self.nodes)


class Pieces:
    """A graph, of which each node can be run alone, with onnxruntime's optimizer off; its weights stay in their file.

    Args:
        path: Its file.
    """

    def __init__(self, path: Path) -> None:
        self.model = mapped_weights.read_graph(path)
        self.folder = mapped_weights.folder(path)
        self.initializers = {tensor.name: tensor for tensor in self.model.graph.initializer}
        self.inputs = [value.name for value in self.model.graph.input if value.name not in self.initializers]
        self.outputs = [value.name for value in self.model.graph.output]
        self._closed = {name for node in self.model.graph.node if node.op_type in OPEN for name in node.output}
        self._closed |= _without_array(self.model)
        self.pieces = list(self._cut())
        self.maker = {name: piece for piece in self.pieces for name in piece.outputs}
        self.consumers: dict[str, list[Piece]] = {}
        for piece in self.pieces:
            for name in piece.inputs:
                self.consumers.setdefault(name, []).append(piece)

    def run(self, piece: Piece, feeds: Arrays) -> Arrays:
        """What a piece gives for `feeds`.

        Raises:
            PipelineError: onnxruntime refuses the piece, or fails while it runs.
        """
        model = self.extract(piece.nodes, feeds, piece.outputs)
        session = open_session(model.SerializeToString(), weights_folder=self.folder, optimizer="off")
        return answer(session, {name: np.ascontiguousarray(array) for name, array in feeds.items()})

    def extract(self, nodes: Sequence[NodeProto], feeds: Arrays, outputs: Sequence[str]) -> ModelProto:
        """A model of some of the nodes, with the weights that they need, by reference.

        Args:
            nodes: In the order in which they run.
            feeds: What it will be given: its inputs have these types, and any size.
            outputs: What it answers.
        """
        model = ModelProto()
        model.CopyFrom(self._frame())
        graph = model.graph
        graph.node.extend(nodes)
        needed = {name for node in nodes for name in _reads(node)}
        graph.initializer.extend(self.initializers[name] for name in sorted(needed & set(self.initializers)))
        graph.input.extend(_value_info(name, array) for name, array in feeds.items())
        graph.output.extend(ValueInfoProto(name=name) for name in outputs)
        return model

    def _frame(self) -> ModelProto:
        """The model without its graph."""
        frame = ModelProto(ir_version=self.model.ir_version, graph=GraphProto(name="piece"))
        frame.opset_import.extend(self.model.opset_import)
        frame.functions.extend(self.model.functions)
        return frame

    def _cut(self) -> Iterator[Piece]:
        waiting: list[NodeProto] = []
        open_values: set[str] = set()
        last_use = {name: place for place, node in enumerate(self.model.graph.node) for name in _reads(node)}
        number = 0
        for place, node in enumerate(self.model.graph.node):
            waiting.append(node)
            open_values |= self._closed.intersection(node.output)
            open_values = {name for name in open_values if last_use.get(name, -1) > place}
            if not open_values:
                yield self._make_piece(number, waiting)
                number, waiting = number + 1, []
        if waiting:
            yield self._make_piece(number, waiting)

    def _make_piece(self, number: int, nodes: list[NodeProto]) -> Piece:
        made = dict.fromkeys(name for node in nodes for name in node.output if name)
        inputs = dict.fromkeys(
            name for node in nodes for name in _reads(node) if name not in made and name not in self.initializers
        )
        return Piece(number, nodes, list(inputs), [name for name in made if name not in self._closed])


def _without_array(model: ModelProto) -> set[str]:
    """Values whose type is known, and is none that numpy has."""
    # From an operator of a domain that the graph does not import nothing follows; what the graph says of itself stands.
    with contextlib.suppress(shape_inference.InferenceError):
        model = shape_inference.infer_shapes(model)
    types = {value.name: value.type.tensor_type.elem_type for value in model.graph.value_info}
    return {name for name, kind in types.items() if kind and kind not in ARRAYS}


def _reads(node: NodeProto) -> Iterator[str]:
    """Every value that a node reads, those that its nested graphs take from around them too."""
    yield from (name for name in node.input if name)
    for attribute in node.attribute:
        for graph in [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]:
            own = {value.name for value in (*graph.input, *graph.initializer)}
            own |= {name for inner in graph.node for name in inner.output}
            yield from (name for inner in graph.node for name in _reads(inner) if name not in own)
            yield from (value.name for value in graph.output if value.name not in own)


def _value_info(name: str, array: Array) -> ValueInfoProto:
    kind = TensorProto.STRING if is_text(array) else helper.np_dtype_to_tensor_dtype(array.dtype)
    return helper.make_tensor_value_info(name, kind, [None] * array.ndim)
