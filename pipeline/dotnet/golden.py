"""The golden answers in a form that C# reads in a few lines: raw little-endian values, and an index in JSON.

foreach (var value in MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(path))) ...
"""

import json
from collections.abc import Mapping

from pipeline.arrays import Array, Arrays

FOLDER = "golden"


def encode(array: Array) -> bytes:
    """Values in row-major order, little-endian; a boolean is a byte, 0 or 1."""
    return array.astype(array.dtype.newbyteorder("<")).tobytes()


def files(questions: Mapping[str, Arrays], answers: Mapping[str, Arrays]) -> dict[str, bytes]:
    """`golden/golden.json` and a file for each array of each case."""
    found: dict[str, bytes] = {}
    index = []
    for case, inputs in questions.items():
        entry: dict[str, object] = {"case": case, "batch": len(next(iter(inputs.values())))}
        for side, arrays in (("inputs", inputs), ("outputs", answers[case])):
            listed = []
            for place, (name, array) in enumerate(arrays.items()):
                # By place: a name may hold what a file name may not.
                file = f"{case}.{side}.{place}.bin"
                found[f"{FOLDER}/{file}"] = encode(array)
                listed.append({"name": name, "dtype": array.dtype.name, "shape": list(array.shape), "file": file})
            entry[side] = listed
        index.append(entry)
    found[f"{FOLDER}/golden.json"] = (json.dumps(index, indent=1) + "\n").encode()
    return found
