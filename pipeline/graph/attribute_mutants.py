"""Mutants of attributes: each is given another value that keeps the graph valid, and so are integer constants and vocabularies."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper

from pipeline.core.arrays import Arrays
from pipeline.graph import onnx_model
from pipeline.graph.inference import TensorType
from pipeline.graph.mapped_weights import to_array
from pipeline.graph.mutants import Mutant, layer_of_node, layer_of_tensor

Random = np.random.Generator
Types = Mapping[str, TensorType]

# What stands instead of a word, by attribute.
WORDS = {
    "mode": {
        b"linear": b"nearest",
        b"nearest": b"linear",
        b"cubic": b"linear",
        b"bilinear": b"nearest",
        b"constant": b"edge",
        b"reflect": b"edge",
        b"edge": b"reflect",
        b"DCR": b"CRD",
        b"CRD": b"DCR",
    },
    "direction": {b"forward": b"reverse", b"reverse": b"forward"},
    "approximate": {b"none": b"tanh", b"tanh": b"none"},
    "coordinate_transformation_mode": {
        b"half_pixel": b"asymmetric",
        b"pytorch_half_pixel": b"asymmetric",
        b"align_corners": b"half_pixel",
        b"asymmetric": b"half_pixel",
    },
    "nearest_mode": {
        b"floor": b"ceil",
        b"ceil": b"floor",
        b"round_prefer_floor": b"ceil",
        b"round_prefer_ceil": b"floor",
    },
    "padding_mode": {b"zeros": b"border", b"border": b"zeros", b"reflection": b"border"},
    "reduction": {b"none": b"add", b"add": b"none"},
    "case_change_action": {b"LOWER": b"UPPER", b"UPPER": b"LOWER", b"NONE": b"LOWER"},
}
# Attributes that are 0 or 1, of operators where either is valid at the same shapes.
FLAGS = {"linear_before_reset", "exclusive", "reverse", "largest", "align_corners", "upper", "is_causal", "interleaved"}
# Floating attributes, and by what they are multiplied. An epsilon is far below what it is added to.
FACTORS = {
    "epsilon": 10.0,
    "alpha": 1.001,
    "beta": 1.001,
    "gamma": 1.001,
    "lambd": 1.001,
    "bias": 1.001,
    "scale": 1.001,
}
# Operators whose output has the shape of the input along whichever axis they work.
ANY_AXIS = {"Softmax", "LogSoftmax", "Hardmax", "LpNormalization"}
# Operators whose integer constants are numbers of the network, and no shapes or axes.
ARITHMETIC = {
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Mod",
    "Gather",
    "Equal",
    "Less",
    "Greater",
    "LessOrEqual",
    "GreaterOrEqual",
    "Where",
}
INTEGERS = (TensorProto.INT64, TensorProto.INT32)
# The attributes of LabelEncoder that hold what a key becomes.
VOCABULARIES = ("values_int64s", "values_floats", "values_strings")


def attribute_mutants(model: ModelProto, types: Types, random: Random) -> Iterator[Mutant]:
    """Each attribute that has another valid value, given that; nested graphs' too."""
    nodes = list(onnx_model.nodes(model.graph))
    versions = {opset.domain: opset.version for opset in model.opset_import}
    initializers = {tensor.name for tensor in model.graph.initializer}
    candidates: list[Mutant] = []
    for number, node in enumerate(nodes):
        for name, (old, new) in _moves(node, versions, types, random).items():
            layer, words = layer_of_node(node, initializers), _words(name, old, new)

            def edit(
                copy: ModelProto, folder: Path, number: int = number, name: str = name, value: Any = new
            ) -> Arrays:
                target = list(onnx_model.nodes(copy.graph))[number]
                kept = [attribute for attribute in target.attribute if attribute.name != name]
                del target.attribute[:]
                target.attribute.extend([*kept, helper.make_attribute(name, value)])
                return {}

            candidates.append(Mutant("attribute", layer, words, edit))
    candidates += _integer_constants(model, random)
    for place in random.permutation(len(candidates)).tolist():
        yield candidates[place]


def _integer_constants(model: ModelProto, random: Random) -> Iterator[Mutant]:
    """An integer that the network calculates with, one more."""
    used = {name for node in model.graph.node if node.op_type in ARITHMETIC for name in node.input}
    for number, tensor in enumerate(model.graph.initializer):
        size = int(np.prod(tensor.dims, dtype=np.int64))
        if tensor.name not in used or tensor.data_type not in INTEGERS or not size:
            continue
        place = int(random.integers(size))

        def edit(copy: ModelProto, folder: Path, number: int = number, place: int = place) -> Arrays:
            target = copy.graph.initializer[number]
            values = to_array(target, folder).copy()
            values.reshape(-1)[place] += 1
            return {target.name: values}

        yield Mutant("attribute", layer_of_tensor(tensor.name), f"the integer at place {place} is one more", edit)


def _moves(node: NodeProto, versions: Mapping[str, int], types: Types, random: Random) -> dict[str, tuple[Any, Any]]:
    """The value now and another one, of each attribute that has one."""
    values = _attributes(node, versions)
    kind = next((types[name] for name in node.input if name in types), None)
    rank = len(kind.shape) if kind and kind.shape is not None else 0
    moves: dict[str, tuple[Any, Any]] = {}
    for name, value in values.items():
        new: Any = None
        if name in WORDS and isinstance(value, bytes):
            new = WORDS[name].get(value)
        elif name in FLAGS and value in (0, 1):
            new = 1 - value
        elif name in FACTORS and isinstance(value, float) and value and not _is_idle(node, name):
            new = value * FACTORS[name]
        elif name == "axis" and node.op_type in ANY_AXIS and rank > 1:
            new = (value % rank - 1) % rank
        elif name == "pads":
            new = _shift_pads(list(value))
        elif name == "perm" and kind is not None:
            new = _swap_equal(list(value), kind)
        elif name in VOCABULARIES:
            new = _swap_entries(list(value), random)
        if new is not None:
            moves[name] = (value, new)
    return moves


def _attributes(node: NodeProto, versions: Mapping[str, int]) -> dict[str, Any]:
    """All attributes of a node, with the defaults of those that it does not name."""
    values: dict[str, Any] = {}
    if onnx.defs.has(node.op_type, node.domain):
        schema = onnx.defs.get_schema(node.op_type, versions.get(node.domain, 1), node.domain)
        for name, attribute in schema.attributes.items():
            if attribute.default_value.type:
                values[name] = helper.get_attribute_value(attribute.default_value)
    return values | {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def _is_idle(node: NodeProto, name: str) -> bool:
    """Whether an attribute counts for nothing: the factor of a bias that is not there."""
    return node.op_type == "Gemm" and name == "beta" and (len(node.input) < 3 or not node.input[2])


def _shift_pads(pads: list[int]) -> list[int] | None:
    """One cell of padding moved from one end of an axis to the other: the shape stays."""
    half = len(pads) // 2
    for axis in range(half):
        for giver, taker in ((axis + half, axis), (axis, axis + half)):
            if pads[giver] > 0:
                pads[giver], pads[taker] = pads[giver] - 1, pads[taker] + 1
                return pads
    return None


def _swap_equal(perm: list[int], kind: TensorType) -> list[int] | None:
    """Two axes of one size exchanged: the shape stays."""
    shape = kind.shape or ()
    for first in range(len(perm)):
        for second in range(first + 1, len(perm)):
            if len(shape) == len(perm) and shape[perm[first]] == shape[perm[second]] not in ("", 1):
                perm[first], perm[second] = perm[second], perm[first]
                return perm
    return None


def _swap_entries(values: list[Any], random: Random) -> list[Any] | None:
    """Two entries of a vocabulary that differ exchanged."""
    first = int(random.integers(len(values))) if values else 0
    others = [place for place, value in enumerate(values) if value != values[first]]
    if not others:
        return None
    second = others[int(random.integers(len(others)))]
    values[first], values[second] = values[second], values[first]
    return values


def _words(name: str, old: Any, new: Any) -> str:
    if name in VOCABULARIES:
        first, second = [place for place, (before, after) in enumerate(zip(old, new, strict=True)) if before != after]
        return f"entries {first} and {second} of {name} are swapped"
    return f"{name} is {_word(new)}, not {_word(old)}"


def _word(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode()
    return f"{value:g}" if isinstance(value, float) else str(value)
