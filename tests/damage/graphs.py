"""Edits of .onnx: of a node, a tensor, a port, or the whole graph."""

import random
from collections.abc import Callable
from typing import Any

from onnx import ModelProto, TensorProto

from damage.edits import Edit


def _in_model(change: Callable[[ModelProto, random.Random], None]) -> Edit:
    def edit(content: bytes, chance: random.Random) -> bytes:
        model = ModelProto.FromString(content)
        change(model, chance)
        return model.SerializeToString()

    return edit


def _set(select: Callable[[ModelProto, random.Random], Any], field: str, *values: Any) -> Edit:
    return _in_model(lambda model, chance: setattr(select(model, chance), field, chance.choice(values)))


def _tensor(model: ModelProto, chance: random.Random) -> TensorProto:
    return chance.choice(model.graph.initializer)


def _node(model: ModelProto, chance: random.Random) -> Any:
    return chance.choice(model.graph.node)


def _port(model: ModelProto, chance: random.Random) -> Any:
    return chance.choice([*model.graph.input, *model.graph.output])


def _external(model: ModelProto, chance: random.Random) -> None:
    tensor = _tensor(model, chance)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in chance.choice(
        [
            {"location": "../../params.yaml"},
            {"location": "model.onnx", "offset": "0", "length": "8"},
            {"location": "model.onnx", "offset": "x"},
            {"location": "gone", "length": "99999999999999999999"},
            {},
        ]
    ).items():
        tensor.external_data.add(key=key, value=value)


ONNX: dict[str, Edit] = {
    "no nodes": _in_model(lambda model, chance: model.graph.ClearField("node")),
    "no initializers": _in_model(lambda model, chance: model.graph.ClearField("initializer")),
    "no outputs": _in_model(lambda model, chance: model.graph.ClearField("output")),
    "no inputs": _in_model(lambda model, chance: model.graph.ClearField("input")),
    "no opset": _in_model(lambda model, chance: model.ClearField("opset_import")),
    "no metadata": _in_model(lambda model, chance: model.ClearField("metadata_props")),
    "another opset": _set(lambda model, chance: model.opset_import[0], "version", -1, 0, 1, 9999, 2**62),
    "another domain": _set(lambda model, chance: model.opset_import[0], "domain", "x", "ai.onnx.ml"),
    "another IR": _set(lambda model, chance: model, "ir_version", -1, 0, 2, 9999, 2**62),
    "another operator": _set(_node, "op_type", "", "Nothing", "Relu", "If", "Loop"),
    "a node of another domain": _set(_node, "domain", "x", "com.microsoft"),
    "an input of a node renamed": _in_model(
        lambda model, chance: _node(model, chance).input.__setitem__(0, chance.choice(["", "gone"]))
    ),
    "an output of a node renamed": _in_model(
        lambda model, chance: _node(model, chance).output.__setitem__(0, chance.choice(["", "gone"]))
    ),
    "a node in a circle": _in_model(
        lambda model, chance: _node(model, chance).input.__setitem__(0, model.graph.output[0].name)
    ),
    "a tensor of another dtype": _set(_tensor, "data_type", 0, -1, 8, 16, 99, TensorProto.DOUBLE),
    "a tensor of another shape": _in_model(
        lambda model, chance: _tensor(model, chance).dims.append(chance.choice([0, -1, 2, 2**62]))
    ),
    "a tensor without values": _in_model(lambda model, chance: _tensor(model, chance).ClearField("raw_data")),
    "a tensor renamed": _set(_tensor, "name", "", "gone"),
    "weights elsewhere": _in_model(_external),
    "a port renamed": _set(_port, "name", "", "gone"),
    "a port without a type": _in_model(lambda model, chance: _port(model, chance).ClearField("type")),
    "a port of another dtype": _in_model(
        lambda model, chance: setattr(_port(model, chance).type.tensor_type, "elem_type", chance.choice([0, 8, 99, 11]))
    ),
    "a port of a sequence": _in_model(
        lambda model, chance: _port(model, chance).type.sequence_type.elem_type.tensor_type.SetInParent()
    ),
    "a port without a shape": _in_model(
        lambda model, chance: _port(model, chance).type.tensor_type.ClearField("shape")
    ),
    "a node twice": _in_model(lambda model, chance: model.graph.node.append(model.graph.node[0])),
}
