"""The golden answers in a form that C# reads in a few lines: raw little-endian values, and an index in JSON.

foreach (var value in MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path))) ...

`golden.json` is a list of calls: `id` begins the names of its files, `case` is its name, `batch` its rows (1 when the model
knows no rows), `inputs` and `outputs` list `name`, `dtype` (numpy's, or "string"), `shape` (all axes, the batch first if there is
one) and `file`. Text is written element by element: the number of its UTF-8 bytes as a little-endian int32, and the bytes.
The program that `verify` runs writes its answers in the same form.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.arrays import Array, Arrays, is_text
from pipeline.core.contract import TokenizerSpec
from pipeline.core.golden import GoldenCall, GoldenTexts, golden_texts

FOLDER, INDEX = "golden", "golden.json"
# In the package alone: by what the answers are judged (nuget/golden_policy.py).
POLICY = "policy.json"


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


def decode_rows(data: bytes, dtype: np.dtype[Any]) -> list[Array]:
    """Rows of values, each behind their number.

    Raises:
        ValueError: A number is not followed by that many values.
    """
    rows, place = [], 0
    while place < len(data):
        (count,) = struct.unpack_from("<i", data, place) if len(data) >= place + 4 else (-1,)
        place += 4
        end = place + count * dtype.itemsize
        if count < 0 or end > len(data):
            raise ValueError(f"a row of {count} values at {place}, of {len(data)} bytes")
        rows.append(np.frombuffer(data[place:end], dtype=dtype.newbyteorder("<")).astype(dtype))
        place = end
    return rows


def files(calls: Sequence[GoldenCall], tokenizer: TokenizerSpec | None = None) -> dict[str, bytes]:
    """`golden/golden.json` and a file for each array of each call; of a model with a tokenizer also its texts."""
    content = _call_files([call for call in calls if not call.texts])
    return {**content, **_text_files(calls, golden_texts(calls, tokenizer.fills["ids"]))} if tokenizer else content


def write(folder: Path, calls: Sequence[GoldenCall], tokenizer: TokenizerSpec | None) -> None:
    """Write all calls into `folder`, which is made, without the path that they have in the package."""
    folder.mkdir()
    for path, content in files(calls, tokenizer).items():
        (folder / path.removeprefix(f"{FOLDER}/")).write_bytes(content)


def _call_files(calls: Sequence[GoldenCall]) -> dict[str, bytes]:
    content: dict[str, bytes] = {}
    index = []
    for number, call in enumerate(calls):
        entry, arrays = encode_call(number, call.name, call.rows or 1, {"inputs": call.inputs, "outputs": call.outputs})
        index.append(entry)
        content |= {f"{FOLDER}/{name}": data for name, data in arrays.items()}
    content[f"{FOLDER}/{INDEX}"] = format_index(index).encode()
    return content


def encode_call(
    number: int, name: str, rows: int, sides: Mapping[str, Arrays]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """A call's entry in the index, and its files by name.

    Args:
        number: The call's place in the index.
        name: The call's.
        rows: How many it has.
        sides: `inputs`, and `outputs` where they are written too.
    """
    entry: dict[str, Any] = {"id": f"{number:03}", "case": name, "batch": rows}
    files = {}
    for side, arrays in sides.items():
        entry[side] = []
        for place, (tensor, array) in enumerate(arrays.items()):
            # By number: a name may hold what a file name may not.
            file = f"{number:03}.{side}.{place}.bin"
            files[file] = encode(array)
            dtype = "string" if is_text(array) else array.dtype.name
            entry[side].append({"name": tensor, "dtype": dtype, "shape": list(array.shape), "file": file})
    return entry, files


def format_index(entries: Sequence[dict[str, Any]]) -> str:
    """golden.json, of the calls' entries."""
    return json.dumps(entries, indent=1) + "\n"


def count_rows(folder: Path) -> int:
    """Rows of all calls whose index is in `folder`."""
    return sum(entry["batch"] for entry in json.loads((folder / INDEX).read_text()))


def _text_files(calls: Sequence[GoldenCall], golden: GoldenTexts) -> dict[str, bytes]:
    """`golden/texts.json`, a list of `text`, `ids` and `call`, and `golden/texts.<place>.bin` for each output.

    PyTorch has answered the texts of one call together. Such a file holds for each text the number of its values as a little-endian
    int32, and those.
    """
    names = [call.name for call in calls for _ in call.texts]
    entries = [
        {"text": text, "ids": ids, "call": name}
        for text, ids, name in zip(golden.texts, golden.token_ids, names, strict=True)
    ]
    return {
        f"{FOLDER}/texts.json": (json.dumps(entries) + "\n").encode(),
        **{
            f"{FOLDER}/texts.{place}.bin": b"".join(struct.pack("<i", row.size) + encode(row) for row in rows)
            for place, rows in enumerate(golden.outputs.values())
        },
    }
