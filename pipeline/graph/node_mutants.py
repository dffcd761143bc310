"""Mutants of nodes: two inputs or outputs exchanged, a node skipped, and an output of the graph stretched."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, helper

from pipeline.core.arrays import Arrays
from pipeline.graph.inference import TensorType
from pipeline.graph.mutants import FLOATS, Kind, Mutant, layer_of_node

Random = np.random.Generator
Types = Mapping[str, TensorType]

# By how much an answer is stretched: twice the default of parity.least_power.
STRETCH_OF_ANSWERS = 2e-3
# Operators of two inputs of any shapes that fit, whose order counts.
ORDERED = {"Sub", "Div", "Pow", "Mod", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "BitShift", "MatMul"}
# Of those, the ones that take no other shape for either side.
SAME_SHAPE = {"MatMul"}
# What passes its input on already, in a network that answers.
PASSING = {"Identity", "Dropout"}


def exchange_mutants(model: ModelProto, types: Types, random: Random) -> Iterator[Mutant]:
    """Two inputs of a node, two outputs of a node, two inputs of the graph or two of its outputs exchanged."""
    candidates = [*_node_exchanges(model, types, random), *_value_exchanges(model, types)]
    for place in random.permutation(len(candidates)).tolist():
        yield candidates[place]


def skip_mutants(model: ModelProto, types: Types, random: Random) -> Iterator[Mutant]:
    """Each node whose output is of the type of one of its inputs, left out."""
    initializers = {tensor.name for tensor in model.graph.initializer}
    for number in random.permutation(len(model.graph.node)).tolist():
        node = model.graph.node[number]
        if node.op_type in PASSING or not node.output or node.output[0] not in types:
            continue
        kind = types[node.output[0]]
        passed = [
            name for name in node.input if name in types and name not in initializers and types[name].matches(kind)
        ]
        if not passed or _others_are_used(model.graph, node):
            continue

        def edit(graph: GraphProto, number: int = number, source: str = passed[0]) -> None:
            output = graph.node[number].output[0]
            graph.node[number].CopyFrom(helper.make_node("Identity", [source], [output]))

        yield _mutant("skip", layer_of_node(node, initializers), f"passes {passed[0]!r} through", edit)


def stretch_mutants(model: ModelProto, random: Random) -> Iterator[Mutant]:
    """Each floating output of the graph, stretched: what a relative tolerance alone may let pass, since it keeps answers of 0."""
    made = {name for node in model.graph.node for name in node.output}
    for number in random.permutation(len(model.graph.output)).tolist():
        output = model.graph.output[number]
        dtype = output.type.tensor_type.elem_type
        if dtype not in FLOATS or output.name not in made:
            continue
        factor = 1 + max(STRETCH_OF_ANSWERS, FLOATS[dtype])

        def edit(graph: GraphProto, name: str = output.name, dtype: int = dtype, factor: float = factor) -> None:
            unstretched, by = f"{name}/unstretched", f"{name}/stretch"
            for node in graph.node:
                for values in (node.input, node.output):
                    values[:] = [unstretched if value == name else value for value in values]
            graph.initializer.append(helper.make_tensor(by, dtype, [], [factor]))
            graph.node.append(helper.make_node("Mul", [unstretched, by], [name]))

        yield _mutant("scaled", "the outputs of the graph", f"{output.name!r} is multiplied by {factor:.6g}", edit)


def _node_exchanges(model: ModelProto, types: Types, random: Random) -> Iterator[Mutant]:
    initializers = {tensor.name for tensor in model.graph.initializer}
    for number, node in enumerate(model.graph.node):
        layer = layer_of_node(node, initializers)
        if (pair := _input_pair(node, types, random)) is not None:
            first, second = (node.input[place] for place in pair)

            def swap_inputs(graph: GraphProto, number: int = number, pair: tuple[int, int] = pair) -> None:
                _swap(graph.node[number].input, *pair)

            yield _mutant("exchange", layer, f"inputs {first!r} and {second!r} are exchanged", swap_inputs)
        pairs = [pair for pair in _pairs(len(node.output)) if _alike([node.output[place] for place in pair], types)]
        if pairs:

            def swap_outputs(graph: GraphProto, number: int = number, pair: tuple[int, int] = pairs[0]) -> None:
                _swap(graph.node[number].output, *pair)

            first, second = (node.output[place] for place in pairs[0])
            yield _mutant("exchange", layer, f"outputs {first!r} and {second!r} are exchanged", swap_outputs)


def _value_exchanges(model: ModelProto, types: Types) -> Iterator[Mutant]:
    """Inputs, and outputs, of the whole graph."""
    made = {name for node in model.graph.node for name in node.output}
    inputs = [value.name for value in model.graph.input]
    outputs = [value.name for value in model.graph.output if value.name in made]
    for side, names in (("inputs", inputs), ("outputs", outputs)):
        for pair in _pairs(len(names)):
            first, second = (names[place] for place in pair)
            if _alike([first, second], types):

                def edit(graph: GraphProto, names: Mapping[str, str] = {first: second, second: first}) -> None:
                    for node in graph.node:
                        for values in (node.input, node.output):
                            values[:] = [names.get(name, name) for name in values]

                yield _mutant("exchange", f"the {side} of the graph", f"{first!r} and {second!r} are exchanged", edit)


def _input_pair(node: NodeProto, types: Types, random: Random) -> tuple[int, int] | None:
    """Two inputs that may be exchanged, and then give another answer."""
    if node.op_type in ORDERED:
        pairs = [(0, 1)]
    elif node.op_type == "Where":
        pairs = [(1, 2)]
    elif node.op_type == "Concat":
        pairs = list(_pairs(len(node.input)))
    elif node.op_type.endswith("Normalization"):
        pairs = [(first, second) for first, second in _pairs(len(node.input)) if first]
    else:
        return None
    any_shape = node.op_type in ORDERED - SAME_SHAPE or node.op_type in ("Where", "Concat")
    usable = [pair for pair in pairs if _alike([node.input[place] for place in pair], types, any_shape=any_shape)]
    return usable[int(random.integers(len(usable)))] if usable else None


def _alike(names: Sequence[str], types: Types, *, any_shape: bool = False) -> bool:
    """Whether two values, not one twice, are of one dtype and shape."""
    first, second = names
    if first == second or first not in types or second not in types:
        return False
    return types[first].dtype == types[second].dtype if any_shape else types[first].matches(types[second])


def _others_are_used(graph: GraphProto, node: NodeProto) -> bool:
    """Whether a node has more than its first output that something reads."""
    others = set(node.output[1:]) - {""}
    read = {name for other in graph.node for name in other.input} | {value.name for value in graph.output}
    return bool(others & read)


def _pairs(count: int) -> Iterator[tuple[int, int]]:
    return ((first, second) for first in range(count) for second in range(first + 1, count))


def _swap(names: "list[str]", first: int, second: int) -> None:
    names[first], names[second] = names[second], names[first]


def _mutant(kind: Kind, layer: str, change: str, edit: Callable[[GraphProto], None]) -> Mutant:
    def edit_model(model: ModelProto, folder: Path) -> Arrays:
        edit(model.graph)
        return {}

    return Mutant(kind, layer, change, edit_model)
