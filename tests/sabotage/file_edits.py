"""Edits of the files of a build: a bit, a list, a package, with checksums as they were or made to agree."""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from onnx import ModelProto

from graph_mutants import in_graph
from pipeline.core.arrays import load, save
from pipeline.core.files import sha256
from pipeline.core.golden import load_calls, save_calls
from pipeline.core.paths import (
    CONTRACT,
    GOLDEN_ARRAYS,
    GOLDEN_INDEX,
    GOLDEN_TEST_SPLIT,
    MANIFEST,
    PACKAGE,
    TEST_SPLIT,
)
from pipeline_runs import regolden, reseal


def flip(path: Path, *, sealed: bool = False) -> Callable[[], None]:
    """Flip one bit in the middle of a file; a name may be a pattern."""

    def apply() -> None:
        (file,) = Path().glob(path.as_posix())
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
        if sealed:
            reseal(file)

    return apply


def edit_json(path: Path, change: Callable[[Any], object], *, sealed: bool = False) -> Callable[[], None]:
    def apply() -> None:
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))
        if sealed:
            reseal(path)

    return apply


def take_from_other(*paths: Path) -> Callable[[], None]:
    """Put in the place of each file that of another model with the same inputs and outputs, behind agreeing checksums."""

    def apply() -> None:
        other = Path("../other")
        for path in paths:
            shutil.copyfile(other / path, path)
        reseal(*paths)

    return apply


def golden_of_other() -> None:
    """The golden answers of another model, with the contract made to agree."""
    take_from_other(GOLDEN_INDEX, GOLDEN_ARRAYS, GOLDEN_TEST_SPLIT)()
    regolden()


def keep_one_row() -> None:
    """One call of one row, and a test split of one."""
    test, answers = load(TEST_SPLIT, "prepare"), load(GOLDEN_TEST_SPLIT, "export")
    save(TEST_SPLIT, {name: array[:1] for name, array in test.items()})
    reseal(TEST_SPLIT)
    save(GOLDEN_TEST_SPLIT, {name: array[:1] for name, array in answers.items()})
    save_calls([call for call in load_calls() if call.name == "rows-1"])
    regolden()


def rename_label() -> None:
    def change(contract: Any) -> None:
        for port in contract["outputs"]:
            port["labels"].sort()

    edit_json(CONTRACT, change, sealed=True)()


def call_proven() -> None:
    edit_json(CONTRACT, lambda contract: contract["axes"]["time"]["sizes"].append(100), sealed=True)()


def empty_calls() -> None:
    GOLDEN_INDEX.write_text("[]")
    regolden()


def without_outputs() -> None:
    """Golden calls that expect nothing."""
    entries = json.loads(GOLDEN_INDEX.read_text())
    GOLDEN_INDEX.write_text(json.dumps([{**entry, "outputs": {}} for entry in entries]))
    regolden()


def repack(change: Callable[[dict[str, bytes]], None]) -> Callable[[], None]:
    """Change what is in the package, and edit the manifest beside it to match."""

    def apply() -> None:
        (package,) = PACKAGE.glob("*.nupkg")
        with zipfile.ZipFile(package) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        change(members)
        with zipfile.ZipFile(package, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        edit_json(MANIFEST, lambda manifest: manifest.update(package_sha256=sha256(package)))()
        reseal(package)

    return apply


def other_model_in_package() -> None:
    """The package of another model, as it is, under this one's name."""
    shutil.copytree(Path("../other") / PACKAGE, PACKAGE, dirs_exist_ok=True)


def newer(field: str, number: int) -> Callable[[], None]:
    """A model of a format that the runtime does not know yet."""

    def change(model: ModelProto) -> None:
        if field == "opset":
            model.opset_import[0].version = number
        else:
            model.ir_version = number

    return in_graph(change)
