"""Ways to break a file that a stage reads: seeded edits by the file's kind, for tests/test_fuzz.py and benchmarks/fuzz.py."""

import contextlib
import io
import json
import random
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto
from ruamel.yaml import YAML

from pipeline.core.contract import golden_sha256
from pipeline.core.files import CHECKSUMS, sha256
from pipeline.core.paths import BUILD, CONTRACT, GOLDEN, MANIFEST, PACKAGE, REPORTS
from pipeline_runs import reseal

# In place of any value of a JSON or YAML file.
VALUES: tuple[Any, ...] = (
    None,
    "",
    "x",
    "\0",
    0,
    -1,
    0.5,
    True,
    1e308,
    10**400,
    -(2**63),
    [],
    {},
    [[]],
    {"": None},
    "é" * 300,
)
DEEP = 100_000
TENSOR_DTYPES = ("F16", "I64", "U8", "BF16", "Q3", 7)

Edit = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Damage:
    """One edit of one file, and the stage that reads it next.

    `sealed`: the checksums are made to agree with the edit, so that it reaches what stands behind them.
    """

    path: Path
    stage: str
    edit: str
    sealed: bool
    seed: int

    @property
    def name(self) -> str:
        return f"{self.stage}: {self.path}: {self.edit}{', resealed' if self.sealed else ''} (seed {self.seed})"


def choose(readers: dict[str, tuple[str, ...]], count: int, seed: int) -> list[Damage]:
    """`count` damages of the files of a project, every file in turn, every stage and edit by chance.

    Args:
        readers: The stages that read each file; a name may be a pattern.
        count: How many.
        seed: The same seed, the same damages.
    """
    chance = random.Random(seed)
    damages = []
    for number in range(count):
        pattern, stages = list(readers.items())[number % len(readers)]
        (path,) = Path().glob(pattern)
        sealed = (
            path.parent not in (BUILD, Path(), REPORTS, REPORTS / "plots")
            and path.name != CHECKSUMS
            and chance.random() < 0.7
        )
        edits = [*BYTES, *("folder", "missing"), *2 * list(BY_SUFFIX.get(path.suffix, {}))]
        damages.append(Damage(path, chance.choice(stages), chance.choice(edits), sealed, chance.randrange(2**32)))
    return damages


def apply(damage: Damage) -> None:
    """Break the file, and make the checksums agree where the damage says so."""
    path, chance = damage.path, random.Random(damage.seed)
    if damage.edit in ("folder", "missing"):
        path.unlink()
        if damage.edit == "folder":
            path.mkdir()
    else:
        edit = BYTES.get(damage.edit) or BY_SUFFIX[path.suffix][damage.edit]
        path.write_bytes(edit(path.read_bytes(), chance))
    if damage.sealed and path.is_file():
        seal(path)


def seal(path: Path) -> None:
    """Make everything that notes a file's SHA-256 agree with the file as it is."""
    if path.is_relative_to(GOLDEN) and path != CONTRACT:
        content = json.loads(CONTRACT.read_text())
        content["golden"] = golden_sha256()
        CONTRACT.write_text(json.dumps(content))
    if path.is_relative_to(PACKAGE) and path != MANIFEST:
        content = json.loads(MANIFEST.read_text())
        content["package_sha256"] = sha256(path)
        MANIFEST.write_text(json.dumps(content))
    reseal(path)


# Any file.


def _truncate(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def _flip(content: bytes, chance: random.Random) -> bytes:
    edited = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        edited[chance.randrange(len(edited))] ^= 1 << chance.randrange(8)
    return bytes(edited)


def _insert(part: bytes) -> Edit:
    def edit(content: bytes, chance: random.Random) -> bytes:
        place = chance.randrange(len(content) + 1)
        return content[:place] + part + content[place:]

    return edit


def _cut_out(content: bytes, chance: random.Random) -> bytes:
    start, end = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    return content[:start] + content[end:]


BYTES: dict[str, Edit] = {
    "truncated": _truncate,
    "bits flipped": _flip,
    "emptied": lambda content, chance: b"",
    "not UTF-8": _insert(b"\xff\xfe\xc3"),
    "NULs inserted": _insert(b"\0" * 40),
    "a piece cut out": _cut_out,
    "noise": lambda content, chance: chance.randbytes(len(content)),
}


# JSON and YAML.


def _places(node: Any) -> list[tuple[Any, Any]]:
    """Every container and key within a tree."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else []
    return [place for key in keys for place in ((node, key), *_places(node[key]))]


def _in_tree(change: Callable[[Any, Any, random.Random], None]) -> Edit:
    """An edit of one place of a JSON or YAML file."""

    def edit(content: bytes, chance: random.Random) -> bytes:
        text = content.decode()
        is_json = text.lstrip().startswith(("{", "["))
        tree = json.loads(text) if is_json else YAML(typ="safe").load(text)
        places = _places(tree)
        # What lies near the root is as likely as one of a thousand leaves.
        depth = chance.choice([len(places), 12])
        change(*chance.choice(places[:depth]), chance)
        if is_json:
            return json.dumps(tree).encode()
        stream = io.StringIO()
        YAML(typ="safe").dump(tree, stream)
        return stream.getvalue().encode()

    return edit


def _replace(container: Any, key: Any, chance: random.Random) -> None:
    container[key] = chance.choice(VALUES)


def _nothing(container: Any, key: Any, chance: random.Random) -> None:
    container[key] = None


def _drop(container: Any, key: Any, chance: random.Random) -> None:
    del container[key]


def _swap(container: Any, key: Any, chance: random.Random) -> None:
    other = chance.choice(list(container) if isinstance(container, dict) else range(len(container)))
    container[key], container[other] = container[other], container[key]


def _rename(container: Any, key: Any, chance: random.Random) -> None:
    if isinstance(container, dict):
        container[f"{key}s"] = container.pop(key)
    else:
        container.append(container[key])


def _twice(content: bytes, chance: random.Random) -> bytes:
    """Every key of the root a second time, with other values."""
    text = content.decode()
    if not text.lstrip().startswith(("{", "[")):
        return content + content
    tree = json.loads(text)
    first = tree[0] if isinstance(tree, list) else tree
    key = chance.choice(list(first))
    place = text.index("{") + 1
    return f"{text[:place]}{json.dumps(key)}: {json.dumps(chance.choice(VALUES))}, {text[place:]}".encode()


def _deep(content: bytes, chance: random.Random) -> bytes:
    return chance.choice(
        [b"[" * DEEP, b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP, b"[" * 2000 + b"]" * 2000]
    )


TREE: dict[str, Edit] = {
    "another type": _in_tree(_replace),
    "null": _in_tree(_nothing),
    "a key missing": _in_tree(_drop),
    "two values exchanged": _in_tree(_swap),
    "a key renamed": _in_tree(_rename),
    "a key twice": _twice,
    "deep nesting": _deep,
    "a number of 5,000 digits": lambda content, chance: b'{"a": ' + b"9" * 5000 + b"}",
    "another whole": lambda content, chance: chance.choice([b"null", b"[]", b"{}", b"7", b'"x"', b"[{}]", b"[null]"]),
    "white space": lambda content, chance: content + b"\n \n",
}


# .npz


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


# .onnx


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


# .csv, SHA256SUMS, .nupkg


def _in_lines(change: Callable[[list[str], random.Random], None]) -> Edit:
    def edit(content: bytes, chance: random.Random) -> bytes:
        lines = content.decode().splitlines()
        change(lines, chance)
        return "".join(f"{line}\n" for line in lines).encode()

    return edit


LINES: dict[str, Edit] = {
    "no first line": _in_lines(lambda lines, chance: lines.pop(0)),
    "lines exchanged": _in_lines(lambda lines, chance: lines.reverse()),
    "words for numbers": _in_lines(lambda lines, chance: lines.append(",".join(["x"] * len(lines[0].split(","))))),
    "a longer line": _in_lines(lambda lines, chance: lines.append("1" + ",1" * 40)),
    "a shorter line": _in_lines(lambda lines, chance: lines.append("1")),
    "a NUL in a line": _in_lines(lambda lines, chance: lines.append("1,\0")),
}

BY_SUFFIX: dict[str, dict[str, Edit]] = {
    ".json": TREE,
    ".yaml": TREE,
    ".lock": TREE,
    ".npz": NPZ,
    ".nupkg": {"a member missing": NPZ["an array missing"], "a member broken": NPZ["an array broken"]},
    ".safetensors": SAFETENSORS,
    ".onnx": ONNX,
    ".csv": LINES,
    ".txt": LINES,
    "": LINES,
}


def run_quietly(command: list[str]) -> tuple[int, str]:
    """Run a pipeline command in this process; its exit code, and what it printed on stderr."""
    from pipeline.__main__ import main

    stderr = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(stderr):
        return main(command), stderr.getvalue()


def is_sentence(stage: str, stderr: str) -> bool:
    """Whether this is what a person shall read of a failure: one line that names the stage."""
    return stderr.startswith(f"error: {stage}: ") and stderr.count("\n") == 1 and "Traceback" not in stderr


def copy(project: Path, folder: Path) -> Path:
    """A copy of a project to break."""
    return Path(shutil.copytree(project, folder, symlinks=True))
