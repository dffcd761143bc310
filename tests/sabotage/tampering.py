"""Sabotages of files: a bit flipped, another model's file, a report or a list edited."""

from collections.abc import Callable
from dataclasses import replace

from file_edits import (
    call_proven,
    edit_json,
    empty_calls,
    flip,
    golden_of_other,
    keep_one_row,
    newer,
    other_model_in_package,
    rename_label,
    repack,
    take_from_other,
    without_outputs,
)
from pipeline.core.paths import (
    CHECKPOINT,
    CONTRACT,
    DOTNET_REPORT,
    EXPORTED,
    GOLDEN_ARRAYS,
    PACKAGE,
    PARITY_REPORT,
    SIMPLIFIED,
    TEST_SPLIT,
)
from sabotage import Sabotage

CHANGED = r"{} is not what `{}` wrote .*somebody changed it; make it again with `python -m pipeline {}`"


def tampering(name: str, breaks: str, apply: Callable[[], None], stages: tuple[str, ...], says: str) -> Sabotage:
    return Sabotage(name, breaks, "linear", apply, stages, says)


def of_other(name: str, breaks: str, apply: Callable[[], None], stages: tuple[str, ...], says: str) -> Sabotage:
    # Files of another model, where `validate` compares them, look like a graph that was exported wrong.
    begins_in = "exporter" if "or " in says else ""
    return replace(tampering(name, breaks, apply, stages, says), needs_other=True, begins_in=begins_in)


def newer_than_runtime(field: str, name: str) -> Sabotage:
    says = rf"build/simplified/model\.onnx: onnxruntime 1\.\d+\.\d+ takes {name} \d+ at most, the graph has 99: nor does any other"
    sabotage = tampering(f"newer {field} than the runtime", f"the {name}", newer(field, 99), VALIDATE, says)
    return replace(sabotage, begins_in="simplifier")


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
        r"Linear\.1\.0\.0-g[0-9a-f]{7}\.nupkg is not the package that build/package/manifest\.json describes",
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
        r"comparisons failed; build/(exported|simplified)/model\.onnx: output 'output', row \d+.*or the graph or the golden answers were changed",
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
        r"output 'output', row \d+.*\(call test, batch 10000\).*or its rows are not those that PyTorch answered",
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
    newer_than_runtime("opset", "opset"),
    newer_than_runtime("IR", "IR version"),
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
