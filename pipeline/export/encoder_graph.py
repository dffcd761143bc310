"""Encoders as plain ONNX operators, put in front of an exported graph: the same function as `encoders`, from text on.

Only operators that every CPU build of onnxruntime has. StringNormalizer is not among them: it needs a locale that most
containers lack, and the session then does not open.
"""

from itertools import count
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from pipeline.graph import onnx_model
from pipeline.network.encoders import SPACE, CategoryEncoder, Encoders, WordEncoder

# Of LabelEncoder, in the operator set ai.onnx.ml; the third runs wherever the client does.
ML_OPSET = 3


class NodeBuilder:
    """Nodes and constants of one encoder, in the order in which they run; names start with the input's."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self._numbers = count()

    def constant(self, value: Any) -> str:
        name = f"{self.prefix}/constant_{len(self.constants)}"
        array = np.asarray(value, dtype=object if isinstance(value, str) else None)
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node; the name of its output."""
        name = f"{self.prefix}/{operator}_{next(self._numbers)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name, domain=domain, **attributes))
        return name

    def split(self, text: str, delimiter: str, **attributes: Any) -> str:
        """Substrings along a new last axis, short rows filled up with empty text."""
        substrings = self.add("StringSplit", text, delimiter=delimiter, **attributes)
        self.nodes[-1].output.append(f"{substrings}/counts")
        return substrings

    def look_up(self, text: str, numbers: dict[str, int], unknown: int) -> str:
        return self.add(
            "LabelEncoder",
            text,
            domain="ai.onnx.ml",
            keys_strings=list(numbers) or [SPACE],  # an empty list would not say of which type it is
            values_int64s=list(numbers.values()) or [unknown],
            default_int64=unknown,
        )


def add_word_encoder(graph: NodeBuilder, text: str, encoder: WordEncoder) -> str:
    """Text [rows] -> int64 [rows, words].

    The words of all rows lie one after the other in a list, with the row of each beside it, so that one long row costs
    the others nothing.
    """
    zero, one = graph.constant(np.int64(0)), graph.constant(np.int64(1))
    axes_0, axes_1 = graph.constant(np.array([0])), graph.constant(np.array([1]))
    empty, limit = graph.constant(""), graph.constant(np.int64(encoder.limit))

    def drop_empty(pieces: str, rows: str | None) -> tuple[str, str]:
        """The pieces that are not empty, and their rows: those of the first axis of `pieces`, where `rows` is None."""
        places = graph.add("Transpose", graph.add("NonZero", graph.add("Not", graph.add("Equal", pieces, empty))))
        first = graph.add("Gather", places, zero, axis=1)
        return graph.add("GatherND", pieces, places), first if rows is None else graph.add("Gather", rows, first)

    chunks = graph.split(text, "", maxsplit=encoder.limit)
    # What lies beyond the last split is one piece more.
    chunks = graph.add("Slice", chunks, axes_0, graph.constant(np.array([encoder.limit])), axes_1)
    words, rows = drop_empty(chunks, None)
    fits = graph.add("RegexFullMatch", words, pattern=f"(?s).{{0,{encoder.longest}}}")
    words = graph.add("Where", fits, words, graph.constant(SPACE))
    for separator in encoder.separators:
        words, rows = drop_empty(graph.split(words, separator), rows)
    numbers = graph.look_up(words, encoder.numbers, encoder.UNKNOWN)

    # Place of each word in its row: its place in the list, less that of the row's first word.
    shape = graph.add("Shape", text)
    ones = graph.add("Expand", one, graph.add("Shape", rows))
    zeros = graph.add("Expand", zero, shape)
    counts = graph.add("ScatterElements", zeros, rows, ones, reduction="add")
    starts = graph.add("CumSum", counts, zero, exclusive=1)
    total = graph.add("Squeeze", graph.add("Shape", rows))
    places = graph.add("Sub", graph.add("Range", zero, total, one), graph.add("Gather", starts, rows))
    within_limit = graph.add("Squeeze", graph.add("NonZero", graph.add("Less", places, limit)), axes_0)
    numbers, rows, places = (graph.add("Gather", values, within_limit) for values in (numbers, rows, places))
    # One word at least: a network without a word to look at has nothing to answer.
    longest = graph.add("ReduceMax", graph.add("Concat", counts, graph.constant(np.array([1])), axis=0), keepdims=1)
    width = graph.add("Min", longest, limit)
    padding = graph.constant(np.int64(encoder.PADDING))
    padded = graph.add("Expand", padding, graph.add("Concat", shape, width, axis=0))
    indices = graph.add("Concat", graph.add("Unsqueeze", rows, axes_1), graph.add("Unsqueeze", places, axes_1), axis=1)
    return graph.add("ScatterND", padded, indices, numbers)


def add_category_encoder(graph: NodeBuilder, text: str, encoder: CategoryEncoder) -> str:
    """Text of any shape -> int64 of the same."""
    return graph.look_up(text, encoder.numbers, encoder.UNKNOWN)


def prepend(model: ModelProto, encoders: Encoders, shapes: dict[str, list[int | str]]) -> None:
    """Put each encoder before the graph's input of its name, in place: that input then takes text of shape `shapes[name]`."""
    encoder_nodes: list[NodeProto] = []
    for name, encoder in encoders.items():
        graph = NodeBuilder(f"{name}/encoder")
        encoded = (
            add_word_encoder(graph, name, encoder)
            if isinstance(encoder, WordEncoder)
            else add_category_encoder(graph, name, encoder)
        )
        for node in onnx_model.nodes(model.graph):
            for place, value in enumerate(node.input):
                if value == name:
                    node.input[place] = encoded
        encoder_nodes += graph.nodes
        model.graph.initializer.extend(graph.constants)
        place = next(place for place, value in enumerate(model.graph.input) if value.name == name)
        model.graph.input[place].CopyFrom(helper.make_tensor_value_info(name, TensorProto.STRING, shapes[name]))
    network_nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*encoder_nodes, *network_nodes])
    if encoders and all(entry.domain != "ai.onnx.ml" for entry in model.opset_import):
        model.opset_import.append(helper.make_opsetid("ai.onnx.ml", ML_OPSET))
