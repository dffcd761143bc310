"""A graph that is read without its weights: its initializers say where in the file they are, as external data does.

Copies of such a graph are as small as its nodes, and onnxruntime maps the one file for each of them: many changed copies of a
large model take the memory of one. Only what is changed lies in the copy.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from onnx import GraphProto, ModelProto, TensorProto, numpy_helper
from onnx.external_data_helper import ExternalDataInfo, uses_external_data

from pipeline.core.arrays import Array
from pipeline.graph import external_data

# Numbers of fields in onnx.proto3, and the wire type of those that hold bytes.
GRAPH, INITIALIZER, RAW_DATA = 7, 5, 9
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class _Field(NamedTuple):
    """A field of a message: its number, where it starts with its tag, and where its content starts and ends."""

    number: int
    start: int
    content: int
    end: int


def load_by_reference(path: Path) -> ModelProto:
    """Read a model whose tensors above `external_data.INLINE` bytes stay in the file, wherever they are.

    The locations are relative to `folder(path)`.

    Args:
        path: A graph that has been loaded before: it is known to be whole.
    """
    real = path.resolve()
    with real.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        model = ModelProto()
        for field in _fields(content, 0, len(content)):
            if field.number == GRAPH:
                _merge_graph(model.graph, content, field, real.name)
            else:
                model.MergeFromString(content[field.start : field.end])
    return model


def folder(path: Path) -> Path:
    """Where the weights of a model are that `load_by_reference` has read: a file that is a link is followed."""
    return path.resolve().parent


def to_array(tensor: TensorProto, directory: Path) -> Array:
    """The values of `tensor`, read from its file in `directory` where they are in one."""
    if not uses_external_data(tensor):
        return numpy_helper.to_array(tensor)
    info = ExternalDataInfo(tensor)
    read = TensorProto(data_type=tensor.data_type, dims=tensor.dims)
    with (directory / info.location).open("rb") as file:
        file.seek(info.offset or 0)
        read.raw_data = file.read(info.length or -1)
    return numpy_helper.to_array(read)


def set_array(tensor: TensorProto, values: Array) -> None:
    """Put `values` into the graph, as the new values of `tensor`."""
    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), tensor.name))


def _merge_graph(graph: GraphProto, content: mmap.mmap, within: _Field, name: str) -> None:
    """Add a graph's fields to `graph`, in their order, the large initializers by reference."""
    for field in _fields(content, within.content, within.end):
        raw = _raw_data(content, field) if field.number == INITIALIZER else None
        if raw is None or raw.end - raw.content <= external_data.INLINE:
            graph.MergeFromString(content[field.start : field.end])
            continue
        tensor = graph.initializer.add()
        tensor.MergeFromString(content[field.content : raw.start] + content[raw.end : field.end])
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", name), ("offset", raw.content), ("length", raw.end - raw.content)):
            tensor.external_data.add(key=key, value=str(value))


def _raw_data(content: mmap.mmap, initializer: _Field) -> _Field | None:
    return next(
        (part for part in _fields(content, initializer.content, initializer.end) if part.number == RAW_DATA), None
    )


def _fields(content: mmap.mmap, start: int, end: int) -> Iterator[_Field]:
    """The fields of the message between two places (protobuf.dev/programming-guides/encoding)."""
    place = start
    while place < end:
        tag, value = _varint(content, place)
        wire_type = tag & 7
        if wire_type == BYTES:
            length, value = _varint(content, value)
            stop = value + length
        elif wire_type == VARINT:
            _, stop = _varint(content, value)
        else:
            stop = value + {FIXED64: 8, FIXED32: 4}[wire_type]
        yield _Field(tag >> 3, place, value, stop)
        place = stop


def _varint(content: mmap.mmap, place: int) -> tuple[int, int]:
    """A number of seven bits a byte, lowest first, and the place behind it."""
    number = shift = 0
    while True:
        byte = content[place]
        number |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return number, place
