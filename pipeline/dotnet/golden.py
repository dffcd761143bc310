"""The golden answers in a form that C# reads in a few lines: raw little-endian values, and an index in JSON.

foreach (var value in MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path))) ...

`golden.json` is a list of cases: `case` is its name, `batch` its rows (1 when the model knows no rows: then the case is one
call), `inputs` and `outputs` list `name`, `dtype` (numpy's, or "string"), `shape` (all axes, the batch first if there is
one) and `file`. Text is written element by element: the number of its UTF-8 bytes as a little-endian int32, and the bytes.
The program that `verify` runs writes its answers in the same form.
"""

import json
import struct
from collections.abc import Mapping

import numpy as np

from pipeline.arrays import Array, Arrays, is_text

FOLDER = "golden"


def encode(array: Array) -> bytes:
    """Values in row-major order, little-endian; a boolean is a byte, 0 or 1; text carries its length."""
    if is_text(array):
        texts = [str(value).encode() for value in array.flat]
        return b"".join(struct.pack("<i", len(text)) + text for text in texts)
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def decode_text(data: bytes) -> Array:
    """The inverse of `encode` for text, flat.

    Raises:
        ValueError: A length is not followed by that many bytes.
    """
    texts, place = [], 0
    while place < len(data):
        (length,) = struct.unpack_from("<i", data, place) if len(data) >= place + 4 else (-1,)
        place += 4
        if not 0 <= length <= len(data) - place:
            raise ValueError(f"text of {length} bytes at {place}, of {len(data)}")
        texts.append(data[place : place + length].decode())
        place += length
    return np.array(texts, dtype=object)


def files(questions: Mapping[str, Arrays], answers: Mapping[str, Arrays], *, batched: bool = True) -> dict[str, bytes]:
    """`golden/golden.json` and a file for each array of each case."""
    found: dict[str, bytes] = {}
    index = []
    for case, inputs in questions.items():
        entry: dict[str, object] = {"case": case, "batch": len(next(iter(inputs.values()))) if batched else 1}
        for side, arrays in (("inputs", inputs), ("outputs", answers[case])):
            listed = []
            for place, (name, array) in enumerate(arrays.items()):
                # By place: a name may hold what a file name may not.
                file = f"{case}.{side}.{place}.bin"
                found[f"{FOLDER}/{file}"] = encode(array)
                dtype = "string" if is_text(array) else array.dtype.name
                listed.append({"name": name, "dtype": dtype, "shape": list(array.shape), "file": file})
            entry[side] = listed
        index.append(entry)
    found[f"{FOLDER}/golden.json"] = (json.dumps(index, indent=1) + "\n").encode()
    return found
