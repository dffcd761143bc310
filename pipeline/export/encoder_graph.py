"""Encoders as plain ONNX operators, put in front of an exported graph: the same function as `encoders`, from text on.

Only operators that every CPU build of onnxruntime has. StringNormalizer is not among them: it wants a locale that most
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


class Nodes:
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
        name = f"{self.prefix}/{operator}_{next(self._numbers)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], name, domain=domain, **attributes))
        return name

    def split(self, text: str, delimiter: str, **attributes: Any) -> str:
        """Substrings along a new last axis, short rows filled up with empty text."""
        made = self.add("StringSplit", text, delimiter=delimiter, **attributes)
        self.nodes[-1].output.append(f"{made}/counts")
        return made

    def look_up(self, text: str, numbers: dict[str, int], unknown: int) -> str:
        return self.add(
            "LabelEncoder",
            text,
            domain="ai.onnx.ml",
            keys_strings=list(numbers) or [SPACE],  # an empty list would not say of which type it is
            values_int64s=list(numbers.values()) or [unknown],
            default_int64=unknown,
        )


def words(nodes: Nodes, text: str, encoder: WordEncoder) -> str:
    """Text [rows] -> int64 [rows, words].

    The words of all rows lie one after the other in a list, with the row of each beside it, so that one long row costs
    the others nothing.
    """
    zero, one = nodes.constant(np.int64(0)), nodes.constant(np.int64(1))
    axes_0, axes_1 = nodes.constant(np.array([0])), nodes.constant(np.array([1]))
    none, limit = nodes.constant(""), nodes.constant(np.int64(encoder.limit))

    def present(pieces: str, rows: str | None) -> tuple[str, str]:
        """The pieces that are not empty, and their rows: those of the first axis of `pieces`, where `rows` is None."""
        places = nodes.add("Transpose", nodes.add("NonZero", nodes.add("Not", nodes.add("Equal", pieces, none))))
        first = nodes.add("Gather", places, zero, axis=1)
        return nodes.add("GatherND", pieces, places), first if rows is None else nodes.add("Gather", rows, first)

    chunks = nodes.split(text, "", maxsplit=encoder.limit)
    # What lies beyond the last split is one piece more.
    chunks = nodes.add("Slice", chunks, axes_0, nodes.constant(np.array([encoder.limit])), axes_1)
    found, rows = present(chunks, None)
    fits = nodes.add("RegexFullMatch", found, pattern=f"(?s).{{0,{encoder.longest}}}")
    found = nodes.add("Where", fits, found, nodes.constant(SPACE))
    for separator in encoder.separators:
        found, rows = present(nodes.split(found, separator), rows)
    numbers = nodes.look_up(found, encoder.numbers, encoder.UNKNOWN)

    # Place of each word in its row: its place in the list, less that of the row's first word.
    of_row = nodes.add("Shape", text)
    ones = nodes.add("Expand", one, nodes.add("Shape", rows))
    empty = nodes.add("Expand", zero, of_row)
    counts = nodes.add("ScatterElements", empty, rows, ones, reduction="add")
    starts = nodes.add("CumSum", counts, zero, exclusive=1)
    total = nodes.add("Squeeze", nodes.add("Shape", rows))
    places = nodes.add("Sub", nodes.add("Range", zero, total, one), nodes.add("Gather", starts, rows))
    kept = nodes.add("Squeeze", nodes.add("NonZero", nodes.add("Less", places, limit)), axes_0)
    numbers, rows, places = (nodes.add("Gather", values, kept) for values in (numbers, rows, places))
    # One word at least: a network without a word to look at has nothing to answer.
    longest = nodes.add("ReduceMax", nodes.add("Concat", counts, nodes.constant(np.array([1])), axis=0), keepdims=1)
    width = nodes.add("Min", longest, limit)
    padded = nodes.add("Expand", nodes.constant(np.int64(encoder.PADDING)), nodes.add("Concat", of_row, width, axis=0))
    where = nodes.add("Concat", nodes.add("Unsqueeze", rows, axes_1), nodes.add("Unsqueeze", places, axes_1), axis=1)
    return nodes.add("ScatterND", padded, where, numbers)


def categories(nodes: Nodes, text: str, encoder: CategoryEncoder) -> str:
    """Text of any shape -> int64 of the same."""
    return nodes.look_up(text, encoder.numbers, encoder.UNKNOWN)


def prepend(model: ModelProto, encoders: Encoders, shapes: dict[str, list[int | str]]) -> None:
    """Put each encoder before the graph's input of its name, in place: that input then takes text of shape `shapes[name]`."""
    made: list[NodeProto] = []
    for name, encoder in encoders.items():
        nodes = Nodes(f"{name}/encoder")
        encoded = words(nodes, name, encoder) if isinstance(encoder, WordEncoder) else categories(nodes, name, encoder)
        for node in onnx_model.nodes(model.graph):
            for place, value in enumerate(node.input):
                if value == name:
                    node.input[place] = encoded
        made += nodes.nodes
        model.graph.initializer.extend(nodes.constants)
        place = next(place for place, value in enumerate(model.graph.input) if value.name == name)
        model.graph.input[place].CopyFrom(helper.make_tensor_value_info(name, TensorProto.STRING, shapes[name]))
    body = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend([*made, *body])
    if encoders and all(entry.domain != "ai.onnx.ml" for entry in model.opset_import):
        model.opset_import.append(helper.make_opsetid("ai.onnx.ml", ML_OPSET))
