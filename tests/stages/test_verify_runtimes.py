"""verify on several versions of onnxruntime, in real .NET."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from pipeline.__main__ import main
from pipeline.core.files import read_json, sha256, write_json
from pipeline.core.golden import load_calls, save_calls
from pipeline.core.paths import CONTRACT, DOTNET_REPORT, PARITY_REPORT, TARGET_FINGERPRINT
from pipeline.dotnet import sdk
from pipeline_runs import regolden, reseal

pytestmark = pytest.mark.skipif(
    sdk.version(sdk.find()) is None, reason="no .NET SDK on PATH, in DOTNET_ROOT or in ~/.dotnet"
)


def repack_with_bound(version: str, passes: Callable[..., str]) -> None:
    """A package as if Python had proven the model in this version alone, and the target named it."""
    write_json(PARITY_REPORT, {**read_json(PARITY_REPORT, "validate"), "onnxruntime": version})
    write_json(TARGET_FINGERPRINT, {"target": None, "onnxruntime": version})
    reseal(TARGET_FINGERPRINT)
    passes("package")


def spoil_golden_answers() -> None:
    """Every golden answer as if the eager network had given one more: wrong on every runtime and processor."""
    wrong = [replace(call, outputs={name: array + 1 for name, array in call.outputs.items()}) for call in load_calls()]
    save_calls(wrong)
    regolden()
    write_json(PARITY_REPORT, {**read_json(PARITY_REPORT, "validate"), "contract_sha256": sha256(CONTRACT)})


def refused(capsys) -> str:
    """What verify says, which fails; it has restored packages before."""
    capsys.readouterr()
    assert main(["verify"]) == 1
    return capsys.readouterr().err


def runtimes() -> dict[str, tuple[str | None, bool]]:
    return {
        entry["asked"]: (entry["onnxruntime"], entry["verified"])
        for entry in read_json(DOTNET_REPORT, "verify")["runtimes"]
    }


def test_real_on_several_runtimes(linear, configure, passes):
    configure("verify.mode=required", "verify.threads=2", "verify.runtimes=[newest,1.30.0]")
    assert (
        "each on onnxruntime 1.31.1 (the package's lower bound and the newest) and 1.30.0 (below the package's lower bound, 1.31.1); Python "
        "has proven the model in onnxruntime 1.31.1, .NET ran 1.30.0 too"
    ) in passes("verify")
    report = read_json(DOTNET_REPORT, "verify")
    assert runtimes() == {"bound": ("1.31.1", True), "newest": ("1.31.1", True), "1.30.0": ("1.30.0", True)}
    assert (report["verified"], report["onnxruntime"]) == (True, "1.31.1")
    counts = Counter(entry["runtime"] for entry in report["comparisons"])
    assert counts == {None: report["runtimes"][0]["comparisons"], "1.30.0": report["runtimes"][2]["comparisons"]}


def test_real_and_wrong_on_every_runtime(linear, configure, capsys):
    configure("verify.mode=required", "verify.threads=1", "verify.runtimes=[1.30.0]")
    spoil_golden_answers()
    printed = refused(capsys)
    assert ".NET does not answer like PyTorch: onnxruntime 1.31.1: " in printed
    assert "; in onnxruntime 1.30.0: way in 'row'" in printed
    assert runtimes() == {"bound": ("1.31.1", False), "1.30.0": ("1.30.0", False)}


def test_a_bound_that_no_source_has_is_not_claimed(linear, configure, passes):
    repack_with_bound("1.18.1", passes)
    configure("verify.mode=auto", "verify.threads=1")
    printed = passes("verify")
    assert (
        "not verified in .NET: what plain consumers run is not proven in .NET: it is the package's lower bound"
        in printed
    )
    assert "; what ran answers like PyTorch: " in printed
    assert (
        "onnxruntime 1.30.0 (the nearest to the package's lower bound); Python has proven the model in onnxruntime 1.18.1"
        in printed
    )
    assert runtimes() == {"bound": (None, False), "nearest": ("1.30.0", True)}
    assert read_json(DOTNET_REPORT, "verify")["verified"] is False


def test_a_bound_that_no_source_has_is_an_error_where_proof_is_required(linear, configure, passes, capsys):
    repack_with_bound("1.18.1", passes)
    configure("verify.mode=required", "verify.threads=1")
    assert (
        "Microsoft.ML.OnnxRuntime 1.18.1, which none of your NuGet sources has (the nearest is 1.30.0); add a source that has it, or take one "
        "that is there: `python -m pipeline params target=onnxruntime-1.30.0`"
    ) in refused(capsys)


def test_a_bound_above_everything_that_the_sources_have(linear, configure, passes):
    repack_with_bound("1.99.0", passes)
    configure("verify.mode=auto", "verify.threads=1")
    assert "which none of your NuGet sources has (the nearest is 1.31.1)" in passes("verify")
    report = read_json(DOTNET_REPORT, "verify")
    assert runtimes() == {"bound": (None, False)}
    assert (report["verified"], "onnxruntime" in report) == (False, False)


def test_a_runtime_that_no_source_has_is_an_error_where_proof_is_required(linear, configure, capsys):
    configure("verify.mode=required", "verify.threads=1", "verify.runtimes=[1.29.0]")
    assert "verify.runtimes: none of your NuGet sources has Microsoft.ML.OnnxRuntime 1.29.0" in refused(capsys)


def test_a_departure_is_said_before_a_runtime_that_no_source_has(linear, configure, capsys):
    configure("verify.mode=required", "verify.threads=1", "verify.runtimes=[1.29.0]")
    spoil_golden_answers()
    assert ".NET does not answer like PyTorch: " in refused(capsys)


def test_a_runtime_that_no_source_has_leaves_the_bound_verified(linear, configure, passes):
    configure("verify.mode=auto", "verify.threads=1", "verify.runtimes=[1.29.0]")
    assert "onnxruntime 1.31.1 (the package's lower bound); verify.runtimes: none of your NuGet sources has" in passes(
        "verify"
    )
    assert runtimes() == {"1.29.0": (None, False), "bound": ("1.31.1", True)}
