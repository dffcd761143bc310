"""Sabotages of files: a bit flipped, another model's file, a report or a list edited."""

import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from onnx import ModelProto

from graph_mutants import in_graph
from pipeline.core.arrays import load, save
from pipeline.core.files import sha256
from pipeline.core.golden import load_calls, save_calls
from pipeline.core.paths import (
    CHECKPOINT,
    CONTRACT,
    DOTNET_REPORT,
    EXPORTED,
    GOLDEN_ARRAYS,
    GOLDEN_INDEX,
    GOLDEN_TEST_SPLIT,
    MANIFEST,
    PACKAGE,
    PARITY_REPORT,
    SIMPLIFIED,
    TEST_SPLIT,
)
from pipeline_runs import regolden, reseal
from sabotage import Sabotage

CHANGED = r"{} is not what `{}` wrote .*somebody changed it; make it again with `python -m pipeline {}`"


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


def tampering(name: str, breaks: str, apply: Callable[[], None], stages: tuple[str, ...], says: str) -> Sabotage:
    return Sabotage(name, breaks, "linear", apply, stages, says)


def of_other(name: str, breaks: str, apply: Callable[[], None], stages: tuple[str, ...], says: str) -> Sabotage:
    return replace(tampering(name, breaks, apply, stages, says), needs_other=True)


VALIDATE = ("validate",)
TAMPERINGS = (
    tampering(
        "bit in the exported graph", "a bit", flip(EXPORTED), VALIDATE, CHANGED.format(EXPORTED, "export", "export")
    ),
    tampering(
        "bit in the simplified graph",
        "a bit",
        flip(SIMPLIFIED),
        VALIDATE,
        CHANGED.format(SIMPLIFIED, "simplify", "simplify"),
    ),
    tampering(
        "bit in the simplified graph, packed",
        "a bit, after validation",
        flip(SIMPLIFIED),
        ("package",),
        CHANGED.format(SIMPLIFIED, "simplify", "simplify"),
    ),
    tampering(
        "bit in the simplified graph, resealed",
        "a bit, after validation",
        flip(SIMPLIFIED, sealed=True),
        ("package",),
        r"reports/parity\.json does not say that build/simplified/model\.onnx has passed",
    ),
    tampering(
        "bit in the weights", "a bit", flip(CHECKPOINT), ("export",), CHANGED.format(CHECKPOINT, "train", "train")
    ),
    tampering(
        "bit in the golden answers",
        "a bit",
        flip(GOLDEN_ARRAYS),
        VALIDATE,
        r"build/golden/calls\.npz: expected the golden file made with this model's contract",
    ),
    tampering(
        "bit in the golden answers, resealed",
        "a bit",
        flip(GOLDEN_ARRAYS, sealed=True),
        VALIDATE,
        r"build/golden/calls\.npz: expected the golden file made with this model's contract",
    ),
    tampering(
        "bit in the test split", "a bit", flip(TEST_SPLIT), VALIDATE, CHANGED.format(TEST_SPLIT, "prepare", "prepare")
    ),
    tampering("bit in the contract", "a bit", flip(CONTRACT), VALIDATE, CHANGED.format(CONTRACT, "export", "export")),
    tampering(
        "bit in the package",
        "a bit",
        flip(PACKAGE / "*.nupkg"),
        ("verify",),
        r"Linear\.1\.0\.0\.nupkg is not the package that build/package/manifest\.json describes",
    ),
    tampering(
        "manifest edited to match",
        "a bit of the package, and its SHA-256 in the manifest",
        repack(lambda members: members.update({"README.md": b"other"})),
        ("publish",),
        r"reports/dotnet\.json speaks of another package than .*nupkg: run `python -m pipeline verify`",
    ),
    of_other(
        "stale package",
        "the package of another model",
        other_model_in_package,
        ("publish",),
        r"nupkg holds another model than build/simplified/model\.onnx: run `python -m pipeline package`",
    ),
    of_other(
        "golden answers of another model",
        "every golden file",
        golden_of_other,
        VALIDATE,
        r"comparisons failed; build/(exported|simplified)/model\.onnx: output 'output', row \d+",
    ),
    of_other(
        "graph of another model",
        "the simplified graph",
        take_from_other(SIMPLIFIED),
        VALIDATE,
        r"build/simplified/model\.onnx holds other weights than the contract was made for",
    ),
    of_other(
        "test split of other rows",
        "the rows",
        take_from_other(TEST_SPLIT),
        VALIDATE,
        r"output 'output', row \d+.*\(call test, batch 10000\)",
    ),
    tampering(
        "golden answers of one row",
        "all rows but one",
        keep_one_row,
        VALIDATE,
        r"build/golden/calls\.json: expected a call at each size of 'batch' that the contract calls proven, got none at \[2, 3, 7, 8, 64\]",
    ),
    tampering(
        "no golden calls", "the list of calls", empty_calls, VALIDATE, r"build/golden/calls\.json: .*at least 1 item"
    ),
    tampering(
        "golden calls without answers",
        "what is expected",
        without_outputs,
        VALIDATE,
        r"there is no expected output: nothing was compared",
    ),
    tampering(
        "no comparisons",
        "the list of comparisons in the report",
        edit_json(PARITY_REPORT, lambda report: report.update(comparisons=[])),
        ("publish",),
        r"reports/parity\.json: the parity gate has not passed|nothing was compared",
    ),
    tampering(
        "no comparisons, packed",
        "the list of comparisons in the report",
        edit_json(PARITY_REPORT, lambda report: report.update(comparisons=[])),
        ("package",),
        r"reports/parity\.json",
    ),
    tampering(
        "report of another graph",
        "the graph's SHA-256 in the report",
        edit_json(PARITY_REPORT, lambda report: report["models"].update(simplify="0" * 64)),
        ("package",),
        r"reports/parity\.json does not say that build/simplified/model\.onnx has passed",
    ),
    tampering(
        "report without graphs",
        "`models` of the report",
        edit_json(PARITY_REPORT, lambda report: report.update(models=None)),
        ("package",),
        r"reports/parity\.json: models: Input should be a valid dictionary",
    ),
    tampering(
        "failed comparison called passed",
        "a failed comparison in a report that says passed",
        edit_json(PARITY_REPORT, lambda report: report["comparisons"][0].update(passed=False)),
        ("publish",),
        r"reports/parity\.json: ",
    ),
    tampering(
        "report of .NET of another package",
        "the SHA-256 in the report",
        edit_json(DOTNET_REPORT, lambda report: report.update(package_sha256="0" * 64)),
        ("publish",),
        r"reports/dotnet\.json speaks of another package than",
    ),
    tampering(
        "newer opset than the runtime",
        "the opset",
        newer("opset", 99),
        VALIDATE,
        r"build/simplified/model\.onnx: onnxruntime 1\.\d+\.\d+ \(opset up to \d+, IR up to \d+\) refuses the model",
    ),
    tampering(
        "newer IR than the runtime",
        "the IR version",
        newer("IR", 99),
        VALIDATE,
        r"build/simplified/model\.onnx: onnxruntime 1\.\d+\.\d+ \(opset up to \d+, IR up to \d+\) refuses the model",
    ),
    Sabotage(
        "size called proven",
        "a length that nobody has tried, in the contract",
        "courier",
        call_proven,
        VALIDATE,
        r"build/golden/calls\.json: expected a call at each size of 'time' that the contract calls proven, got none at \[100\]",
    ),
    Sabotage(
        "labels renamed in the contract",
        "the order of the labels",
        "courier",
        rename_label,
        ("publish",),
        r"build/golden/contract\.json is not the file that reports/parity\.json compared",
    ),
    Sabotage(
        "labels renamed in the contract, packed",
        "the order of the labels",
        "courier",
        rename_label,
        ("package",),
        r"build/golden/contract\.json|reports/parity\.json",
    ),
)
