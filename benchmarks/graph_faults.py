"""Faults as exporters and simplifiers make them, each in one node of a graph: what benchmarks/localize.py hides and looks for."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

OTHER_OPERATORS = {
    "Add": "Sub",
    "Sub": "Add",
    "Mul": "Add",
    "Relu": "Abs",
    "Tanh": "Sigmoid",
    "Sigmoid": "Tanh",
    "Sqrt": "Abs",
    "ReduceMean": "ReduceSum",
    "MaxPool": "AveragePool",
}
EPSILONS = {"LayerNormalization": 1e-5, "BatchNormalization": 1e-5, "InstanceNormalization": 1e-5}


class Fault(NamedTuple):
    """A broken graph, and the values that the broken nodes make."""

    kind: str
    operator: str
    model: ModelProto
    values: frozenset[str]


class _Graph:
    """A copy of a graph in which one node is broken."""

    def __init__(self, model: ModelProto, place: int) -> None:
        self.model = ModelProto()
        self.model.CopyFrom(model)
        self.place, self.node = place, self.model.graph.node[place]
        self.constants = {tensor.name: tensor for tensor in self.model.graph.initializer}

    def constant(self, number: int) -> np.ndarray | None:
        if len(self.node.input) <= number or self.node.input[number] not in self.constants:
            return None
        return numpy_helper.to_array(self.constants[self.node.input[number]]).copy()

    def set_constant(self, number: int, array: np.ndarray) -> bool:
        """Give this node alone another constant."""
        before = numpy_helper.to_array(self.constants[self.node.input[number]])
        array = np.ascontiguousarray(array, before.dtype)
        if array.shape == before.shape and np.array_equal(array, before):
            return False
        name = f"{self.node.input[number]}/broken"
        self.model.graph.initializer.append(numpy_helper.from_array(array, name))
        self.node.input[number] = name
        return True

    def attribute(self, name: str, default: Any = None) -> Any:
        return next((helper.get_attribute_value(entry) for entry in self.node.attribute if entry.name == name), default)

    def set_attribute(self, name: str, value: Any) -> bool:
        kept = [entry for entry in self.node.attribute if entry.name != name]
        del self.node.attribute[:]
        self.node.attribute.extend([*kept, helper.make_attribute(name, value)])
        return True

    def swap(self, first: int, second: int) -> bool:
        names = self.node.input
        if len(names) <= max(first, second) or names[first] == names[second]:
            return False
        names[first], names[second] = names[second], names[first]
        return True

    def follow(self, *nodes: NodeProto) -> bool:
        """Put nodes behind this one: they read "raw", and the last makes what it made."""
        made = self.node.output[0]
        self.node.output[0] = f"{made}/raw"
        for number, node in enumerate(nodes):
            node.name = f"{self.node.name or made}/broken_{number}"
            node.input[:] = [f"{made}/raw" if name == "raw" else name for name in node.input]
            node.output[:] = [made if name == "cooked" else f"{made}/{name}" for name in node.output]
            self.model.graph.node.insert(self.place + 1 + number, node)
        return True


def _is_matrix(array: np.ndarray | None) -> bool:
    return array is not None and array.dtype.kind == "f" and array.ndim >= 2


def wrong_weight(graph: _Graph) -> bool:
    if graph.node.op_type not in ("MatMul", "Gemm", "Conv", "Gather", "GRU", "LSTM") or not _is_matrix(
        graph.constant(int(graph.node.op_type != "Gather"))
    ):
        return False
    number = int(graph.node.op_type != "Gather")
    weights = graph.constant(number)
    weights.reshape(-1)[: max(1, weights.size // 8)] += 2 * weights.std()
    return graph.set_constant(number, weights)


def transposed_weight(graph: _Graph) -> bool:
    weights = graph.constant(1)
    if (
        graph.node.op_type not in ("MatMul", "Gemm")
        or not _is_matrix(weights)
        or weights.shape[-1] != weights.shape[-2]
    ):
        return False
    return graph.set_constant(1, weights.swapaxes(-1, -2))


def exchanged_rows(graph: _Graph) -> bool:
    weights = graph.constant(1)
    if graph.node.op_type not in ("Conv", "MatMul", "Gemm", "ConvTranspose") or not _is_matrix(weights):
        return False
    return graph.set_constant(1, weights[::-1])


def dropped_bias(graph: _Graph) -> bool:
    number = {"Gemm": 2, "Conv": 2, "LayerNormalization": 2, "Add": 1}.get(graph.node.op_type, 9)
    bias = graph.constant(number)
    return bias is not None and bias.ndim == 1 and bias.size > 1 and graph.set_constant(number, np.zeros_like(bias))


def other_epsilon(graph: _Graph) -> bool:
    return graph.node.op_type in EPSILONS and graph.set_attribute("epsilon", 0.1)


def other_axis(graph: _Graph) -> bool:
    return graph.node.op_type in ("Softmax", "LogSoftmax") and graph.set_attribute("axis", -2)


def other_perm(graph: _Graph) -> bool:
    perm = list(graph.attribute("perm", []))
    if graph.node.op_type != "Transpose" or len(perm) < 3:
        return False
    perm[-1], perm[-2] = perm[-2], perm[-1]
    return graph.set_attribute("perm", perm)


def other_scale(graph: _Graph) -> bool:
    return graph.node.op_type == "Gemm" and graph.set_attribute("alpha", 1.2)


def approximate_gelu(graph: _Graph) -> bool:
    if graph.node.op_type == "Erf":
        graph.node.op_type = "Tanh"
        return True
    return (
        graph.node.op_type == "Gelu"
        and graph.attribute("approximate", b"none") == b"none"
        and graph.set_attribute("approximate", "tanh")
    )


def swapped_inputs(graph: _Graph) -> bool:
    places = {"Sub": (0, 1), "Div": (0, 1), "Pow": (0, 1), "Where": (1, 2), "MatMul": (0, 1)}.get(graph.node.op_type)
    return places is not None and graph.swap(*places)


def reordered_concat(graph: _Graph) -> bool:
    return graph.node.op_type == "Concat" and graph.swap(0, len(graph.node.input) - 1)


def other_operator(graph: _Graph) -> bool:
    if graph.node.op_type not in OTHER_OPERATORS:
        return False
    graph.node.op_type = OTHER_OPERATORS[graph.node.op_type]
    return True


def skipped(graph: _Graph) -> bool:
    if graph.node.op_type not in ("Relu", "Tanh", "Sigmoid", "Softmax", "Neg", "Erf", "Gelu", "Sqrt"):
        return False
    graph.node.op_type = "Identity"
    del graph.node.attribute[:]
    return True


def other_constant(graph: _Graph) -> bool:
    if graph.node.op_type not in ("Mul", "Div", "Add", "Pow"):
        return False
    for number in range(len(graph.node.input)):
        value = graph.constant(number)
        if value is not None and value.dtype.kind == "f" and value.size == 1:
            return graph.set_constant(number, value * 1.25)
    return False


def slice_off_by_one(graph: _Graph) -> bool:
    starts = graph.constant(1)
    return graph.node.op_type == "Slice" and starts is not None and graph.set_constant(1, starts + 1)


def index_off_by_one(graph: _Graph) -> bool:
    index = graph.constant(1)
    return graph.node.op_type == "Gather" and index is not None and index.size == 1 and graph.set_constant(1, index + 1)


def half_precision(graph: _Graph) -> bool:
    if graph.node.op_type not in ("MatMul", "Gemm", "Conv", "LayerNormalization"):
        return False
    return graph.follow(
        helper.make_node("Cast", ["raw"], ["half"], to=TensorProto.BFLOAT16),
        helper.make_node("Cast", [f"{graph.node.output[0]}/half"], ["cooked"], to=TensorProto.FLOAT),
    )


def through_integers(graph: _Graph) -> bool:
    return graph.node.op_type in ("Mul", "Add", "Sub") and graph.follow(
        helper.make_node("Cast", ["raw"], ["whole"], to=TensorProto.INT32),
        helper.make_node("Cast", [f"{graph.node.output[0]}/whole"], ["cooked"], to=TensorProto.FLOAT),
    )


def other_pads(graph: _Graph) -> bool:
    pads = list(graph.attribute("pads", []))
    if graph.node.op_type != "Conv" or not any(pads):
        return False
    half = len(pads) // 2
    return graph.set_attribute("pads", [0] * half + [a + b for a, b in zip(pads[:half], pads[half:], strict=True)])


def other_direction(graph: _Graph) -> bool:
    if graph.node.op_type == "GRU":
        return graph.set_attribute("linear_before_reset", 0)
    return graph.node.op_type == "LSTM" and graph.set_attribute("direction", "reverse")


def frozen_size(graph: _Graph) -> bool:
    """The first size of a shape that is computed becomes 3."""
    if graph.node.op_type not in ("Reshape", "Expand") or graph.constant(1) is not None:
        return False
    name = graph.node.input[1]
    frozen = f"{name}/frozen"
    for tensor_name, array in (("/three", np.array([3])), ("/one", np.array([1])), ("/all", np.array([2**31]))):
        graph.model.graph.initializer.append(numpy_helper.from_array(array.astype(np.int64), frozen + tensor_name))
    nodes = [
        helper.make_node("Slice", [name, f"{frozen}/one", f"{frozen}/all"], [f"{frozen}/rest"]),
        helper.make_node("Concat", [f"{frozen}/three", f"{frozen}/rest"], [frozen], axis=0),
    ]
    for number, node in enumerate(nodes):
        node.name = f"{graph.node.name or graph.node.output[0]}/frozen_{number}"
        graph.model.graph.node.insert(graph.place + number, node)
    graph.model.graph.node[graph.place + 2].input[1] = frozen
    return True


KINDS: dict[str, Callable[[_Graph], bool]] = {
    "wrong weight": wrong_weight,
    "transposed weight": transposed_weight,
    "rows exchanged": exchanged_rows,
    "bias dropped": dropped_bias,
    "epsilon": other_epsilon,
    "axis of soft-max": other_axis,
    "perm": other_perm,
    "alpha": other_scale,
    "approximate gelu": approximate_gelu,
    "inputs swapped": swapped_inputs,
    "concat reordered": reordered_concat,
    "other operator": other_operator,
    "activation skipped": skipped,
    "constant": other_constant,
    "slice off by one": slice_off_by_one,
    "index off by one": index_off_by_one,
    "cast to bfloat16": half_precision,
    "cast to integers": through_integers,
    "pads": other_pads,
    "gates or direction": other_direction,
    "size frozen": frozen_size,
}


def seed(model: ModelProto, kind: str, share: float = 0.5) -> Iterator[Fault]:
    """The graph with a fault of that kind in one node, the one at that share of the graph first, then further and further from it."""
    count = len(model.graph.node)
    for place in sorted(range(count), key=lambda place: abs(place - int(count * share))):
        graph = _Graph(model, place)
        operator = graph.node.op_type
        if not KINDS[kind](graph):
            continue
        before = {node.output[0]: node for node in model.graph.node}
        broken = [node for node in graph.model.graph.node if node != before.get(node.output[0])]
        yield Fault(kind, operator, graph.model, frozenset(name for node in broken for name in node.output if name))
