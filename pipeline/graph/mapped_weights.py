"""A graph without its weights: they stay in the file, and its initializers name them as external data of that very file.

To parse the whole takes the file's bytes, and as many again for the message. Here the protobuf's fields are walked over in the
mapped file, and what is large is left where it is. Copies of such a graph are as small as its nodes, and onnxruntime maps the one
file for each of them: many changed copies of a large model take the memory of one.
Field numbers are those of onnx.proto; the encoding is https://protobuf.dev/programming-guides/encoding/.
"""

import math
import mmap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from google.protobuf.message import DecodeError
from onnx import ModelProto, TensorProto, helper, numpy_helper
from onnx.external_data_helper import ExternalDataInfo, uses_external_data

from pipeline.core.arrays import Array
from pipeline.graph.external_data import INLINE

# ModelProto.graph, GraphProto.initializer, TensorProto.raw_data
GRAPH, INITIALIZER, RAW_DATA = 7, 5, 9
# What follows a field's key: a number of 7 bits a byte, 8 bytes, a length and so many bytes, 4 bytes.
VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5

Fields = Iterator[tuple[int, int, int, int]]


def read_graph(path: Path) -> ModelProto:
    """The model at `path`; each tensor of more than INLINE bytes names the place of its values, in a file of `folder(path)`.

    Raises:
        DecodeError: It is no protobuf, or ends too early.
        FileNotFoundError: There is no such file.
    """
    name = path.resolve().name
    if not path.stat().st_size:
        raise DecodeError("the file is empty")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        rest, graph, tensors = [], [], []
        for field, start, value, end in _fields(content, 0, len(content)):
            if field != GRAPH:
                rest.append(content[start:end])
                continue
            for part, part_start, part_value, part_end in _fields(content, value, end):
                if part == INITIALIZER:
                    tensors.append(_read_tensor(content, part_value, part_end, name))
                else:
                    graph.append(content[part_start:part_end])
    model: ModelProto = ModelProto.FromString(b"".join(rest))
    model.graph.MergeFromString(b"".join(graph))
    model.graph.initializer.extend(tensors)
    return model


def folder(path: Path) -> Path:
    """Where the weights of a model are that `read_graph` has read: a file that is a link is followed."""
    return path.resolve().parent


def to_array(tensor: TensorProto, directory: Path) -> Array:
    """The values of `tensor`, not to be written to; mapped where they are in a file of `directory`."""
    if not uses_external_data(tensor):
        return numpy_helper.to_array(tensor)
    info, shape = ExternalDataInfo(tensor), tuple(tensor.dims)
    file, offset, dtype = directory / info.location, info.offset or 0, helper.tensor_dtype_to_np_dtype(tensor.data_type)
    if info.length == math.prod(shape) * dtype.itemsize:
        return np.asarray(np.memmap(file, dtype, "r", offset, shape))
    # Several values a byte, or a length that is not said.
    read = TensorProto(data_type=tensor.data_type, dims=tensor.dims)
    with file.open("rb") as content:
        content.seek(offset)
        read.raw_data = content.read(info.length or -1)
    return numpy_helper.to_array(read)


def set_array(tensor: TensorProto, values: Array) -> None:
    """Put `values` into the graph, as the new values of `tensor`."""
    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), tensor.name))


def _read_tensor(content: mmap.mmap, start: int, end: int, name: str) -> TensorProto:
    parts, place = [], None
    for field, field_start, value, field_end in _fields(content, start, end):
        if field == RAW_DATA and field_end - value > INLINE:
            place = {"location": name, "offset": str(value), "length": str(field_end - value)}
        else:
            parts.append(content[field_start:field_end])
    tensor: TensorProto = TensorProto.FromString(b"".join(parts))
    if place:
        tensor.data_location = TensorProto.EXTERNAL
        for key, text in place.items():
            tensor.external_data.add(key=key, value=text)
    return tensor


def _fields(content: mmap.mmap, start: int, end: int) -> Fields:
    """Of each field of the message that lies there: its number, where it begins, where its value does, and where it ends."""
    while start < end:
        key, value = _read_varint(content, start)
        kind = key & 7
        if kind == VARINT:
            _, stop = _read_varint(content, value)
        elif kind == LENGTH:
            length, value = _read_varint(content, value)
            stop = value + length
        elif kind in (EIGHT_BYTES, FOUR_BYTES):
            stop = value + (8 if kind == EIGHT_BYTES else 4)
        else:
            raise DecodeError(f"no field begins at byte {start}")
        if stop > end:
            raise DecodeError(f"the field at byte {start} ends at {stop}, after the {end} that there are")
        yield key >> 3, start, value, stop
        start = stop


def _read_varint(content: mmap.mmap, place: int) -> tuple[int, int]:
    """The number at `place`, and the place after it."""
    number = 0
    for shift in range(0, 70, 7):
        if place >= len(content):
            break
        byte = content[place]
        number |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return number, place
    raise DecodeError(f"the number before byte {place} does not end")
