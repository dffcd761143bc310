"""Mutants in which a dynamic axis is frozen at the size of one call, as an exporter that traces a size freezes it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from onnx import ModelProto, NodeProto, helper, numpy_helper

from pipeline.core.arrays import Array, Arrays
from pipeline.graph.inference import TensorType
from pipeline.graph.mutants import Mutant, layer_of_node

Random = np.random.Generator
Types = Mapping[str, TensorType]


def frozen_mutants(model: ModelProto, symbolic: Types, fixed: Types, random: Random) -> Iterator[Mutant]:
    """Each size that the graph reads or works out, replaced by what it is in one call.

    Args:
        model: The graph.
        symbolic: Types of its values, whatever the sizes.
        fixed: Their types in that call.
        random: Chooses the order.
    """
    candidates = [*_sizes(model, symbolic, fixed), *_reshapes(model, symbolic, fixed), *_inputs(model, fixed)]
    for place in random.permutation(len(candidates)).tolist():
        yield candidates[place]


def _sizes(model: ModelProto, symbolic: Types, fixed: Types) -> Iterator[Mutant]:
    """Nodes that read a shape with a dynamic axis."""
    initializers = {tensor.name for tensor in model.graph.initializer}
    for number, node in enumerate(model.graph.node):
        if node.op_type != "Shape" or node.input[0] not in fixed or fixed[node.input[0]].numbers is None:
            continue
        attributes = {attribute.name: attribute.i for attribute in node.attribute}
        part = slice(attributes.get("start", 0), attributes.get("end"))
        shape = np.array((fixed[node.input[0]].numbers or ())[part], np.int64)
        known = symbolic[node.input[0]].shape if node.input[0] in symbolic else None
        if known is None or any(not isinstance(size, int) for size in known[part]):
            yield _constant(node, number, shape, layer_of_node(node, initializers))


def _reshapes(model: ModelProto, symbolic: Types, fixed: Types) -> Iterator[Mutant]:
    """Reshapes whose constant shape leaves a size open, or takes it over from the input."""
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    for number, node in enumerate(model.graph.node):
        if node.op_type != "Reshape" or node.input[1] not in tensors or node.output[0] not in fixed:
            continue
        target, known = fixed[node.output[0]].numbers, symbolic.get(node.output[0])
        if target is None or (known is not None and known.numbers is not None):
            continue
        name = f"{node.output[0]}/frozen"

        def edit(
            copy: ModelProto, folder: Path, number: int = number, name: str = name, shape: tuple[int, ...] = target
        ) -> Arrays:
            copy.graph.initializer.append(numpy_helper.from_array(np.array(shape, np.int64), name))
            copy.graph.node[number].input[1] = name
            return {}

        yield Mutant(
            "frozen", layer_of_node(node, set(tensors)), f"the shape is {list(target)}, whatever the input's is", edit
        )


def _inputs(model: ModelProto, fixed: Types) -> Iterator[Mutant]:
    """The axes of the inputs themselves."""
    for number, value in enumerate(model.graph.input):
        sizes = fixed[value.name].numbers if value.name in fixed else None
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            if sizes is None or dim.HasField("dim_value"):
                continue

            def edit(
                copy: ModelProto, folder: Path, number: int = number, axis: int = axis, size: int = sizes[axis]
            ) -> Arrays:
                copy.graph.input[number].type.tensor_type.shape.dim[axis].dim_value = size
                return {}

            yield Mutant("frozen", f"input {value.name!r}", f"axis {axis} has always {sizes[axis]}", edit)


def _constant(node: NodeProto, number: int, value: Array, layer: str) -> Mutant:
    def edit(copy: ModelProto, folder: Path) -> Arrays:
        constant = helper.make_node("Constant", [], [node.output[0]], value=numpy_helper.from_array(value))
        copy.graph.node[number].CopyFrom(constant)
        return {}

    return Mutant("frozen", layer, f"the size is always {value.tolist()}", edit)
