"""Integers and booleans that onnxruntime has no arithmetic for, computed in a wider type: the bits that remain are the same."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto, helper

from pipeline.core.errors import PipelineError
from pipeline.graph import external_data
from pipeline.graph.session import open_session

NARROW = frozenset(
    {
        TensorProto.BOOL,
        TensorProto.UINT8,
        TensorProto.INT8,
        TensorProto.UINT16,
        TensorProto.INT16,
        TensorProto.UINT32,
        TensorProto.INT32,
    }
)
# Operators whose low bits do not depend on higher ones, or that only choose among values.
COMPUTED = frozenset(
    """
    Abs Add And Clip CumSum Div Equal Greater GreaterOrEqual Less LessOrEqual Max Min Mod Mul Neg Or Pow ReduceMax ReduceMin
    ReduceProd ReduceSum ScatterElements ScatterND Sign Sub TopK Where
    """.split()  # noqa: SIM905 - a list would be formatted with one operator a line
)
WIDER = (TensorProto.INT32, TensorProto.INT64)


def widen_integers(model: ModelProto) -> int:
    """Cast around the nodes that onnxruntime has not for the integers they are given, in place; how many there were.

    Raises:
        PipelineError: The graph's types do not fit each other.
    """
    if not any(node.op_type in COMPUTED for node in model.graph.node):
        return 0
    stripped, _ = external_data.strip(model)
    try:
        inferred = onnx.shape_inference.infer_shapes(stripped)
    except onnx.shape_inference.InferenceError as error:
        raise PipelineError(
            f"types of the exported graph do not fit each other: {' '.join(str(error).split())}"
        ) from None
    types = {value.name: _element(value) for value in _values(model.graph)}
    types |= {value.name: _element(value) for value in _values(inferred.graph)}
    types |= {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    opset = next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx"))
    nodes: list[NodeProto] = []
    widened = 0
    for node in model.graph.node:
        kinds = tuple(types.get(name, 0) for name in node.input)
        wider = _choose_wider(node, kinds, opset) if node.op_type in COMPUTED and NARROW.intersection(kinds) else None
        if wider is None:
            nodes.append(node)
            continue
        widened += 1
        nodes += _widen(node, types, wider)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return widened


def _choose_wider(node: NodeProto, kinds: Sequence[int], opset: int) -> int | None:
    """The type to compute in; None where the node can stay, or where no wider type helps."""
    signature = _anonymous(node).SerializeToString(deterministic=True)
    if 0 in [kind for name, kind in zip(node.input, kinds, strict=True) if name] or _opens(
        signature, tuple(kinds), opset
    ):
        return None
    for wider in WIDER:
        if _opens(
            signature,
            tuple(wider if kind in NARROW - {_condition(node, place)} else kind for place, kind in enumerate(kinds)),
            opset,
        ):
            return wider
    return None


def _condition(node: NodeProto, place: int) -> int:
    """The type that stays at this place of the node's inputs: a condition is boolean, an index what it is."""
    if node.op_type == "Where" and place == 0:
        return TensorProto.BOOL
    return 0


def _anonymous(node: NodeProto) -> NodeProto:
    """The node without names of its own, so that nodes of one kind are asked for once."""
    anonymous = NodeProto(op_type=node.op_type, domain=node.domain, attribute=node.attribute)
    anonymous.input.extend(f"input_{place}" if name else "" for place, name in enumerate(node.input))
    anonymous.output.extend(f"output_{place}" if name else "" for place, name in enumerate(node.output))
    return anonymous


@cache
def _opens(node: bytes, kinds: tuple[int, ...], opset: int) -> bool:
    """Whether onnxruntime has the node for inputs of these types."""
    alone = NodeProto.FromString(node)
    inputs = [
        helper.make_tensor_value_info(name, kind, None) for name, kind in zip(alone.input, kinds, strict=True) if name
    ]
    outputs = [onnx.ValueInfoProto(name=name) for name in alone.output if name]
    graph = helper.make_graph([alone], "alone", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    try:
        open_session(model.SerializeToString())
    except PipelineError:
        return False
    return True


def _widen(node: NodeProto, types: Mapping[str, int], wider: int) -> Iterator[NodeProto]:
    """The node with casts around it."""
    narrow = {
        types[name] for place, name in enumerate(node.input) if types.get(name) in NARROW - {_condition(node, place)}
    }
    changed = NodeProto()
    changed.CopyFrom(node)
    for place, name in enumerate(node.input):
        if types.get(name) in narrow and not (node.op_type == "Where" and place == 0):
            changed.input[place] = f"{node.output[0]}/wide_{place}"
            yield helper.make_node("Cast", [name], [changed.input[place]], f"{node.name}/wide_{place}", to=wider)
    back = []
    comparison = node.op_type in ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual")
    for place, name in enumerate(node.output):
        kind = types.get(name, next(iter(narrow)))
        if kind in narrow and not comparison:
            changed.output[place] = f"{name}/wide"
            back.append(
                helper.make_node("Cast", [changed.output[place]], [name], f"{node.name}/narrow_{place}", to=kind)
            )
    yield changed
    yield from back


def _values(graph: GraphProto) -> list[ValueInfoProto]:
    return [*graph.input, *graph.value_info, *graph.output]


def _element(value: ValueInfoProto) -> int:
    return int(value.type.tensor_type.elem_type)
