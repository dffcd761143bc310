"""Edits of .npz and .safetensors: arrays missing, of other types and of shapes that cannot be."""

import io
import json
import random
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

from damage.edits import BYTES, Edit

TENSOR_DTYPES = ("F16", "I64", "U8", "BF16", "Q3", 7)


def _in_archive(change: Callable[[dict[str, bytes], random.Random], None]) -> Edit:
    def edit(content: bytes, chance: random.Random) -> bytes:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        change(members, chance)
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        return stream.getvalue()

    return edit


def _npy(array: np.ndarray, **header: Any) -> bytes:
    stream = io.BytesIO()
    if header:
        np.lib.format.write_array_header_1_0(
            stream, {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape, **header}
        )
        stream.write(array.tobytes())
    else:
        np.lib.format.write_array(stream, array, allow_pickle=True)
    return stream.getvalue()


def _in_array(change: Callable[[np.ndarray, random.Random], bytes]) -> Edit:
    def edit(members: dict[str, bytes], chance: random.Random) -> None:
        name = chance.choice(list(members))
        members[name] = change(np.lib.format.read_array(io.BytesIO(members[name])), chance)

    return _in_archive(edit)


def _drop_member(members: dict[str, bytes], chance: random.Random) -> None:
    del members[chance.choice(list(members))]


def _rename_member(members: dict[str, bytes], chance: random.Random) -> None:
    members[chance.choice(["a.npy", "../a.npy", "0.lengths", "a.txt", ".npy"])] = members.pop(
        chance.choice(list(members))
    )


def _break_member(members: dict[str, bytes], chance: random.Random) -> None:
    name = chance.choice(list(members))
    members[name] = BYTES[chance.choice(list(BYTES))](members[name], chance)


HUGE = ((10**12,), (2**40, 2**40), (-1,), (10**30,))
NPZ: dict[str, Edit] = {
    "an array missing": _in_archive(_drop_member),
    "an array renamed": _in_archive(_rename_member),
    "an array broken": _in_archive(_break_member),
    "another dtype": _in_array(
        lambda array, chance: _npy(array.astype(chance.choice(["f8", "i8", "?", "c16", "U9", "f2"])))
    ),
    "text for numbers": _in_array(
        lambda array, chance: _npy(np.full(array.shape, "x\udc80" if chance.random() < 0.3 else "7"))
    ),
    "Python objects": _in_array(lambda array, chance: _npy(np.full(array.shape, {}, dtype=object))),
    "an impossible shape": _in_array(lambda array, chance: _npy(array, shape=chance.choice(HUGE))),
    "no rows": _in_array(lambda array, chance: _npy(array[:0] if array.ndim else array.reshape(1)[:0])),
    "fewer rows": _in_array(lambda array, chance: _npy(array[:-1] if array.ndim else array)),
    "no axis": _in_array(lambda array, chance: _npy(array.reshape(-1)[:1].reshape(()))),
    "one axis more": _in_array(lambda array, chance: _npy(array[..., None])),
    "huge numbers": _in_array(
        lambda array, chance: _npy(np.full_like(array, np.finfo(array.dtype).max if array.dtype.kind == "f" else 127))
    ),
    "negative numbers": _in_array(
        lambda array, chance: _npy(np.full_like(array, -1) if array.dtype.kind in "fi" else array)
    ),
    "NaN": _in_array(lambda array, chance: _npy(array * np.nan if array.dtype.kind == "f" else array)),
}


# .safetensors: the header's length, the header in JSON, the values.


def _in_header(change: Callable[[dict[str, Any], random.Random], None]) -> Edit:
    def edit(content: bytes, chance: random.Random) -> bytes:
        length = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + length])
        change(header, chance)
        text = json.dumps(header).encode()
        return len(text).to_bytes(8, "little") + text + content[8 + length :]

    return edit


def _field(key: str, *values: Any) -> Edit:
    def change(header: dict[str, Any], chance: random.Random) -> None:
        header[chance.choice([name for name in header if name != "__metadata__"])][key] = chance.choice(values)

    return _in_header(change)


SAFETENSORS: dict[str, Edit] = {
    "a tensor missing": _in_header(lambda header, chance: header.pop(chance.choice(list(header)))),
    "a tensor renamed": _in_header(lambda header, chance: header.update(other=header.pop(chance.choice(list(header))))),
    "another dtype": _field("dtype", *TENSOR_DTYPES),
    "another shape": _field("shape", [], [1], [10**12], [-1], "x", None, [5, 2, 5]),
    "other offsets": _field("data_offsets", [0, 0], [0, 10**15], [-4, 4], [8, 4], None),
    "a header of another length": lambda content, chance: (
        chance.choice([0, 7, 2**40, 2**63]).to_bytes(8, "little") + content[8:]
    ),
    "values lost": lambda content, chance: content[: -chance.randint(1, 20)],
}
