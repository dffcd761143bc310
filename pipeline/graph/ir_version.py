"""The version of ONNX's file format that a graph says it has: with nothing in it that came later."""

from collections.abc import Iterator

from google.protobuf.message import Message
from onnx import FunctionProto, ModelProto, NodeProto, TensorProto, TypeProto

from pipeline.core.errors import PipelineError
from pipeline.settings import compat

# What came later than IR version 8, by the version that brought it. Source: `enum Version` of onnx.proto.
_TYPES = {
    9: ("FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ"),
    10: ("UINT4", "INT4"),
    11: ("FLOAT4E2M1",),
    12: ("FLOAT8E8M0",),
    13: ("UINT2", "INT2"),
    14: ("FLOAT6E2M3", "FLOAT6E3M2"),
}
_FIELDS: dict[tuple[type[Message], str], int] = {
    (FunctionProto, "attribute_proto"): 9,
    (FunctionProto, "overload"): 10,
    (NodeProto, "overload"): 10,
    (NodeProto, "device_configurations"): 11,
    (ModelProto, "configuration"): 11,
}
# Notes below the model's own: no answer depends on them.
_NOTES, _NOTES_CAME_WITH = "metadata_props", 10
_CAME_WITH = {TensorProto.DataType.Value(name): version for version, names in _TYPES.items() for name in names}


def set_ir_version(model: ModelProto, ir_version: int, where: str) -> None:
    """Give the graph an IR version, in place; notes that it does not know are dropped.

    Raises:
        PipelineError: Something in the graph came with a later version.
    """
    model.ir_version = ir_version
    for message, owner in _walk(model, ""):
        if ir_version < _NOTES_CAME_WITH and not isinstance(message, ModelProto) and _has(message, _NOTES):
            message.ClearField(_NOTES)
        for what, version in _newer(message):
            if version > ir_version:
                raise PipelineError(
                    f"{where}: expected nothing later than IR version {ir_version}, got {what}{f' of {owner!r}' if owner else ''}, which "
                    f"came with IR version {version}: set export.ir_version={version}, and a target that loads it (onnxruntime "
                    f"{compat.minimum_onnxruntime(compat.LOWEST_OPSET, version)} or later)"
                )


def _walk(message: Message, owner: str) -> Iterator[tuple[Message, str]]:
    """A message and all in it, each with the nearest name around it."""
    owner = getattr(message, "name", "") or owner
    yield message, owner
    for field, value in message.ListFields():
        if field.message_type is not None:
            for part in [value] if isinstance(value, Message) else value:
                yield from _walk(part, owner)


def _has(message: Message, field: str) -> bool:
    return field in message.DESCRIPTOR.fields_by_name


def _newer(message: Message) -> Iterator[tuple[str, int]]:
    """What a message holds that came later than IR version 8, with the version."""
    for (kind, field), version in _FIELDS.items():
        if isinstance(message, kind) and getattr(message, field):
            yield f"{field} of {kind.__name__}", version
    types = {TensorProto: "data_type", TypeProto.Tensor: "elem_type"}
    number = getattr(message, types.get(type(message), ""), 0) if type(message) in types else 0
    if number in _CAME_WITH:
        yield f"type {TensorProto.DataType.Name(number)}", _CAME_WITH[number]
