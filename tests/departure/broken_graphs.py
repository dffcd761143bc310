"""Faults seeded into the graphs of a project, past the checksums and the gate, as a wrong exporter or simplifier would leave them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from pipeline.core.paths import EXPORTED, SIMPLIFIED
from pipeline_runs import reseal

Edit = Callable[[ModelProto], None]


def edit_graph(path: Path, edit: Edit) -> None:
    model = onnx.load(path)
    edit(model)
    onnx.save(model, path)
    reseal(path)


def find_node(model: ModelProto, operator: str, number: int = 0) -> NodeProto:
    return [node for node in model.graph.node if node.op_type == operator][number]


def change_weight(operator: str, number: int = 0, place: int = 1) -> Edit:
    """Add the largest value of an initializer that a node takes to one of its values."""

    def edit(model: ModelProto) -> None:
        name = find_node(model, operator, number).input[place]
        tensor = next(tensor for tensor in model.graph.initializer if tensor.name == name)
        values = numpy_helper.to_array(tensor).copy()
        values.flat[values.size // 2] += np.abs(values).max()
        tensor.CopyFrom(numpy_helper.from_array(values, name))

    return edit


def change_attribute(operator: str, attribute: str, value: object) -> Edit:
    def edit(model: ModelProto) -> None:
        node = find_node(model, operator)
        kept = [entry for entry in node.attribute if entry.name != attribute]
        del node.attribute[:]
        node.attribute.extend([*kept, helper.make_attribute(attribute, value)])

    return edit


def change_operator(operator: str, other: str, number: int = 0) -> Edit:
    def edit(model: ModelProto) -> None:
        node = find_node(model, operator, number)
        node.op_type = other
        del node.attribute[:]

    return edit


def leave_out(operator: str, number: int = 0) -> Edit:
    """Its first input is passed on."""

    def edit(model: ModelProto) -> None:
        node = find_node(model, operator, number)
        node.op_type = "Identity"
        del node.attribute[:]
        del node.input[1:]

    return edit


def freeze_sizes(operator: str, sizes: list[int]) -> Edit:
    def edit(model: ModelProto) -> None:
        model.graph.initializer.append(numpy_helper.from_array(np.array(sizes, np.int64), "frozen"))
        find_node(model, operator).input[1] = "frozen"

    return edit


def round_to_bfloat16(operator: str, number: int = 0) -> Edit:
    def edit(model: ModelProto) -> None:
        node = find_node(model, operator, number)
        after = list(model.graph.node).index(node) + 1
        answer, node.output[0] = node.output[0], "wide"
        model.graph.node.insert(after, helper.make_node("Cast", ["wide"], ["narrow"], to=TensorProto.BFLOAT16))
        model.graph.node.insert(after + 1, helper.make_node("Cast", ["narrow"], [answer], "back", to=TensorProto.FLOAT))

    return edit


def break_both(edit: Edit) -> None:
    """In the exported graph and in the simplified one."""
    for path in (EXPORTED, SIMPLIFIED):
        edit_graph(path, edit)
