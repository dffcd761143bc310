"""The operators of a graph as a runtime sees them: domain, version, types of what goes in and comes out."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import onnx
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, TypeProto

# onnx and onnxruntime write the standard domain in two ways.
_STANDARD = "ai.onnx"


class OperatorUse(NamedTuple):
    """One node.

    `value` is the name of the first value that it makes, `opset` the model's of its domain, and `since` the version of the operator that
    this means: `opset` itself where onnx does not know the operator, more where it came only later. `types` has the element types that are known, such as "float" or "int64", by
    the names of the operator's own type parameters, inputs and outputs, as kernels are registered for them.
    """

    node: str
    value: str
    domain: str
    operator: str
    opset: int
    since: int
    types: Mapping[str, str]

    def __str__(self) -> str:
        """As in a sentence: Gelu-20 of node 'node_gelu'."""
        domain = f"{self.domain}." if self.domain else ""
        return f"{domain}{self.operator}-{self.since}" + (
            f" of node {self.node!r}" if self.node else f" of {self.value!r}"
        )


class Requirements(NamedTuple):
    """What a graph asks of a runtime: IR version, the opset of each domain (the standard one is ""), and operators."""

    ir: int
    opsets: Mapping[str, int]
    operators: list[OperatorUse]


def read_requirements(model: ModelProto) -> Requirements:
    return Requirements(model.ir_version, opsets(model), list_operators(model))


def opsets(model: ModelProto) -> dict[str, int]:
    """The version of each domain that the model imports."""
    return {_domain(entry.domain): entry.version for entry in model.opset_import}


def list_operators(model: ModelProto) -> list[OperatorUse]:
    """Every node of the graph, of nested graphs, and of the functions that the model brings with it."""
    own = {(_domain(function.domain), function.name) for function in model.functions}
    uses = list(_walk(_infer(model), opsets(model), own, {}))
    for function in model.functions:
        versions = {_domain(entry.domain): entry.version for entry in function.opset_import}
        uses += _list_nodes(function.node, versions, own, {})
    return uses


def _domain(name: str) -> str:
    return "" if name == _STANDARD else name


def _infer(model: ModelProto) -> GraphProto:
    """The graph with the types of its values, as far as onnx can tell."""
    try:
        return onnx.shape_inference.infer_shapes(model).graph
    except onnx.shape_inference.InferenceError:
        return model.graph


def _walk(
    graph: GraphProto, versions: Mapping[str, int], own: set[tuple[str, str]], outer: Mapping[str, str]
) -> Iterator[OperatorUse]:
    types = dict(outer)
    for value in (*graph.input, *graph.value_info, *graph.output):
        if element := _element(value.type):
            types[value.name] = element
    types |= {tensor.name: _name(tensor.data_type) for tensor in graph.initializer}
    yield from _list_nodes(graph.node, versions, own, types)


def _list_nodes(
    nodes: Iterator[NodeProto] | list[NodeProto],
    versions: Mapping[str, int],
    own: set[tuple[str, str]],
    types: Mapping[str, str],
) -> Iterator[OperatorUse]:
    for node in nodes:
        domain = _domain(node.domain)
        if (domain, node.op_type) not in own:
            opset = versions.get(domain, 1)
            since, bound = _bind(node, domain, opset, types)
            yield OperatorUse(node.name, next(iter(node.output), ""), domain, node.op_type, opset, since, bound)
        for attribute in node.attribute:
            for nested in [attribute.g, *attribute.graphs]:
                yield from _walk(nested, versions, own, types)


def _bind(node: NodeProto, domain: str, opset: int, types: Mapping[str, str]) -> tuple[int, dict[str, str]]:
    """The operator's version, and the types that its parameters have in this node."""
    try:
        schema = onnx.defs.get_schema(node.op_type, opset, domain)
    except onnx.defs.SchemaError:
        history = [entry for entry in onnx.defs.get_all_schemas_with_history() if entry.domain == domain]
        return min((entry.since_version for entry in history if entry.name == node.op_type), default=opset), {}
    bound: dict[str, str] = {}
    for formals, values in ((schema.inputs, node.input), (schema.outputs, node.output)):
        for formal, value in zip(formals, values, strict=False):
            if value in types:
                bound |= {formal.type_str: types[value], formal.name: types[value]}
    return schema.since_version, bound


def _element(kind: TypeProto) -> str:
    return _name(kind.tensor_type.elem_type) if kind.HasField("tensor_type") else ""


def _name(data_type: int) -> str:
    return TensorProto.DataType.Name(TensorProto.DataType.ValueType(data_type)).lower() if data_type else ""
