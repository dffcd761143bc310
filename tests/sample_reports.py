"""Reports to draw pages of: one that passed, and what may be changed in it."""

import numpy as np

from pipeline.core.contract import Contract
from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.parity_report import Comparison, ParityReport
from pipeline.parity.page.document import render_page
from pipeline.parity.png import draw

HOSTILE = "<script>alert('x')</script>&\"\u202e"
COMPARISON = {
    "stage": "export",
    "variant": "fp32",
    "case": "rows-1",
    "output": "y",
    "batch": 1,
    "values": 1234,
    "max_abs": 2e-7,
    "max_rel": None,
    "mean_abs": 1e-7,
    "scale": 0.5,
    "tolerance": 1e-5,
    "rtol": 1e-4,
    "required_tolerance": 0.0,
    "used": 0.02,
    "passed": True,
    "problem": "",
}
FAILED = {**COMPARISON, "stage": "simplify", "used": 30.0, "passed": False, "problem": "output 'y' <row 3>: expected 1"}
TENSOR = {
    "name": "x",
    "dtype": "float32",
    "shape": ["batch", 8, 8],
    "description": "",
    "unit": "",
    "minimum": 0.0,
    "maximum": 1.0,
    "labels": [],
}
CONTRACT = {
    "name": "m",
    "description": "What it does.",
    "inputs": [TENSOR],
    "outputs": [{**TENSOR, "name": "y", "shape": ["batch", 2], "labels": ["no", "yes"]}],
    "task": None,
    "opset": 20,
    "ir_version": 10,
    "weights_sha256": "1" * 64,
    "configuration_sha256": "2" * 64,
    "golden": {"calls.json": "3" * 64},
    "scales": {"y": {"scale": 0.5, "rounding": 4e-7}},
}
PICTURE = {"name": "x", "kind": "picture", "shape": [8, 8], "png": draw(np.eye(8), 0, 1), "low": 0.0, "high": 1.0}
ANSWER = {
    "output": "y",
    "size": 2,
    "used": 0.02,
    "differs": True,
    "places": [[0], [1]],
    "expected": [0.25, 0.75],
    "got": [0.25, 0.7500001],
}
EVIDENCE = {
    "stage": "simplify",
    "outputs": {
        "y": {
            "histograms": {
                "export": {"equal": 4, "counts": [0] * 8 + [2] + [0] * 7},
                "simplify": {"equal": 3, "counts": [0] * 8 + [3] + [0] * 7},
            },
            "expected": [0.1, 0.5, 0.9],
            "got": [0.1, 0.5, 0.9],
            "used": [0.0, -0.01, 0.02],
        }
    },
    "rows": [{"case": "test", "row": 7, "inputs": [PICTURE], "answers": [ANSWER]}],
    "graphs": {
        "traced": {"nodes": 9, "ops": {"Conv": 2, "Cast": 7}, "initializers": 4, "bytes": 12345},
        "simplify": {"nodes": 3, "ops": {"Conv": 2, "Relu": 1}, "initializers": 3, "bytes": 999},
    },
    "versions": {"torch": "2.13.0", "onnx": "1.23.2"},
    "data_sha256": {"test": "4" * 64},
}
POWER_COUNT = {"tried": 3, "caught": 1, "equivalent": 1, "missed": 1}
POWER = {
    **POWER_COUNT,
    "passed": True,
    "caught_by": {"run": 1},
    "kinds": {"bias": POWER_COUNT},
    "survivors": [],
    "least_power": 1e-3,
    "budget": 1e9,
    "spent": 1e6,
    "outputs": {"y": 1},
}
TASK = {
    "metric": "accuracy",
    "rows": 1359,
    "eager": 0.97,
    "export": 0.96,
    "simplify": 0.96,
    "budget": 0.015,
    "passed": True,
}
CLASS = {"label": "no", "support": 40, "precision": 0.875, "recall": 0.7, "f1": 0.778}
CONFUSION = {"classes": [CLASS, {**CLASS, "label": "yes", "support": 60}], "confusion": [[28, 12], [4, 56]]}
VALUES = {"points": [[0.0, 0.5], [100.0, 90.0], [300.0, 280.0]]}
PAIRED = {"changed": 12, "better": 4, "worse": 7, "loss": 0.01, "bound": 0.0155, "bound_of": "worse rows"}
PARITY = {
    "passed": True,
    "gate": "passed",
    "model": "m",
    "onnxruntime": "1.31.1",
    "models": {"export": "a" * 64, "simplify": "b" * 64},
    "contract_sha256": "c" * 64,
    "values": 1234,
    "max_abs": 2e-7,
    "required_tolerance": 0.0,
    "used": 0.02,
    "margin": 50.0,
    "task": None,
    "comparisons": [COMPARISON, {**COMPARISON, "stage": "simplify"}],
    "power": POWER,
    "evidence": EVIDENCE,
}
DOTNET = {
    "package": "M.1.0.0.nupkg",
    "package_sha256": "d" * 64,
    "mode": "auto",
    "verified": True,
    "reason": "",
    "sdk": "10.0.401",
    "runtime": ".NET 10.0.12",
    "onnxruntime": "1.31.1",
    "ways": ["row", "batch"],
    "threads": 4,
    "rows": 1456,
    "values": 99,
    "comparisons": [{**COMPARISON, "stage": "dotnet", "way": "batch"}],
}
UNVERIFIED = {
    "package": "M.1.0.0.nupkg",
    "package_sha256": "d" * 64,
    "mode": "auto",
    "verified": False,
    "reason": "there is no SDK",
}


def parity(**changes: object) -> ParityReport:
    return ParityReport.model_validate({**PARITY, **changes})


def contract(**changes: object) -> Contract:
    return Contract.model_validate({**CONTRACT, **changes})


def dotnet(**changes: object) -> DotnetReport:
    return DotnetReport.model_validate({**DOTNET, **changes})


def comparison(**changes: object) -> Comparison:
    return Comparison.model_validate({**COMPARISON, **changes})


def failed(**changes: object) -> ParityReport:
    """A gate that the simplified graph fails."""
    settings = {"passed": False, "gate": "1 of 2 failed", "used": 30.0, "margin": 1 / 30, "power": None}
    return parity(**{**settings, "comparisons": [COMPARISON, FAILED], **changes})


def many(count: int) -> tuple[ParityReport, Contract]:
    """A model with so many outputs."""
    names = [f"y{number}" for number in range(count)]
    compared = [{**COMPARISON, "output": name, "stage": stage} for stage in ("export", "simplify") for name in names]
    drawn = dict.fromkeys(names[:12], EVIDENCE["outputs"]["y"])
    outputs = [{**TENSOR, "name": name} for name in names]
    return parity(comparisons=compared, evidence={**EVIDENCE, "outputs": drawn}), contract(outputs=outputs)


def page(report: ParityReport | None = None, verified: DotnetReport | None = None, **changes: object) -> str:
    """The page of a report that passed, with changes of it, or of another report."""
    return render_page(report or parity(**changes), contract(), verified)
