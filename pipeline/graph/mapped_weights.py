"""A large .onnx without its weights: they stay in the file, and the graph names them as external data of that very file.

To parse the whole takes the file's bytes, and as many again for the message. Here the protobuf's fields are walked over in the
mapped file, and what is large is left where it is.
Field numbers are those of onnx.proto; the encoding is https://protobuf.dev/programming-guides/encoding/.
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.message import DecodeError
from onnx import ModelProto, TensorProto

from pipeline.graph.external_data import INLINE

# Bytes from which on a file is read so. Below, a file is opened as a program opens it.
LARGE = 1 << 26
# ModelProto.graph, GraphProto.initializer, TensorProto.raw_data
GRAPH, INITIALIZER, RAW_DATA = 7, 5, 9
# What follows a field's key: a number of 7 bits a byte, 8 bytes, a length and so many bytes, 4 bytes.
VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 0, 1, 2, 5

Fields = Iterator[tuple[int, int, int, int]]


def read_graph(path: Path) -> ModelProto:
    """The model at `path`; each tensor of more than INLINE bytes names the place of its values in the file.

    Raises:
        DecodeError: It is no protobuf, or ends too early.
        FileNotFoundError: There is no such file.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        rest, graph, tensors = [], [], []
        for field, start, value, end in _fields(content, 0, len(content)):
            if field != GRAPH:
                rest.append(content[start:end])
                continue
            for part, part_start, part_value, part_end in _fields(content, value, end):
                if part == INITIALIZER:
                    tensors.append(_read_tensor(content, part_value, part_end, path.name))
                else:
                    graph.append(content[part_start:part_end])
    model: ModelProto = ModelProto.FromString(b"".join(rest))
    model.graph.MergeFromString(b"".join(graph))
    model.graph.initializer.extend(tensors)
    return model


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
