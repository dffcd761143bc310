import zipfile
from pathlib import Path

import numpy as np
import pytest

from pipeline.__main__ import main
from pipeline.compare.policy import Policy, Tolerance
from pipeline.core.contract import load_contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import read_json, sha256, write_json
from pipeline.core.golden import GoldenCall
from pipeline.core.paths import CONTRACT, PARITY_REPORT, PROOF_PAGE
from pipeline.dotnet import sdk
from pipeline.dotnet.nuget import golden_files
from pipeline.dotnet.nuget.manifest import read_package
from pipeline.dotnet.proof.answers import compare_calls, count_rows, summarize
from pipeline.dotnet.proof.consumer import Consumer
from pipeline.dotnet.proof.matrix import TEST_SPLIT
from pipeline.dotnet.proof.split_answers import write_inputs
from pipeline.parity.gate import explain_failure

REPORT = Path("reports/dotnet.json")
EXACT = Policy(Tolerance(0.0, 0.0), {})
WAYS = ("row", "batch", "whole", "buffers", "async")
OUTPUTS = {"y": np.array([[1, 2], [3, 4]], dtype=np.float32), "k": np.array([5, 6])}
CALLS = [GoldenCall("rows-2", "rows", 2, {}, {}, OUTPUTS)]
needs_dotnet = pytest.mark.skipif(
    sdk.version(sdk.find()) is None, reason="no .NET SDK on PATH, in DOTNET_ROOT or in ~/.dotnet"
)


@pytest.fixture
def answers(tmp_path) -> Path:
    """What a faultless program with two threads writes."""
    for way in WAYS:
        for thread in range(2):
            for place, array in enumerate(OUTPUTS.values()):
                (tmp_path / f"{way}.{thread}.000.{place}.bin").write_bytes(array.tobytes())
    return tmp_path


def judged(answers: Path) -> str:
    return explain_failure(compare_calls(answers, CALLS, 2, EXACT, WAYS))


def test_faultless(answers):
    comparisons = compare_calls(answers, CALLS, 2, EXACT, WAYS)
    assert explain_failure(comparisons) == ""
    assert count_rows(comparisons) == 2 * len(WAYS)
    assert {name: (one.max_abs, one.required_tolerance) for name, one in summarize(comparisons).items()} == {
        "y": (0.0, 0.0),
        "k": (0.0, 0.0),
    }


def test_one_wrong_value_of_one_thread(answers):
    wrong = np.array([[1, 2], [3, 4.5]], dtype=np.float32)
    (answers / "buffers.1.000.0.bin").write_bytes(wrong.tobytes())
    told = judged(answers)
    assert "way in 'buffers'" in told
    assert "output 'y', row 1, index [1]: expected 4.0, got 4.5" in told
    assert "smallest parity.atol that passes: 0.5" in told


def test_rows_in_another_order(answers):
    (answers / "batch.0.000.1.bin").write_bytes(np.array([6, 5]).tobytes())
    assert "way in 'batch', output 'k', row 0: expected 5, got 6" in judged(answers)


def test_missing_answer(answers):
    (answers / "async.0.000.1.bin").unlink()
    assert "way in 'async', output 'k' is missing" in judged(answers)


def test_too_few_rows(answers):
    (answers / "row.1.000.0.bin").write_bytes(np.array([[1, 2]], dtype=np.float32).tobytes())
    assert "way in 'row', output 'y': expected shape (2, 2), got (1, 2)" in judged(answers)


def test_half_a_row(answers):
    (answers / "row.1.000.0.bin").write_bytes(np.array([1, 2, 3], dtype=np.float32).tobytes())
    assert "expected shape (2, 2), got (3,)" in judged(answers)


def one_row(answers: Path, outputs: dict) -> str:
    return explain_failure(
        compare_calls(answers, [GoldenCall("one", "rows", None, {}, {}, outputs)], 1, EXACT, ("row",))
    )


def test_shapes_that_the_program_tells(tmp_path):
    expected = {"y": np.arange(6, dtype=np.float32).reshape(1, 2, 3), "t": np.array("ü")}
    (tmp_path / "row.0.000.0.bin").write_bytes(expected["y"].tobytes())
    (tmp_path / "row.0.000.1.bin").write_bytes(golden_files.encode(expected["t"]))
    (tmp_path / "row.0.000.1.shape").write_text("")
    (tmp_path / "row.0.000.0.shape").write_text("1 2 3")
    assert one_row(tmp_path, expected) == ""
    (tmp_path / "row.0.000.0.shape").write_text("1 3 2")
    assert "expected shape (1, 2, 3), got (1, 3, 2)" in one_row(tmp_path, expected)
    (tmp_path / "row.0.000.0.shape").write_text("-1")
    assert "expected shape (1, 2, 3), got (6,)" in one_row(tmp_path, expected)


def test_another_text(tmp_path):
    (tmp_path / "row.0.000.0.bin").write_bytes(golden_files.encode(np.array(["a", "c"])))
    told = one_row(tmp_path, {"t": np.array(["a", "b"])})
    assert "output 't', row 1: expected b, got c" in told


def test_nothing_compared_is_a_failure():
    assert "nothing was compared" in explain_failure([])


def test_off(linear, passes):
    assert "verify.mode=off" in passes("verify")
    assert read_json(REPORT, "verify")["verified"] is False


def test_auto_without_an_sdk(linear, monkeypatch, configure, passes):
    configure("verify.mode=auto")
    monkeypatch.setattr(sdk, "find", lambda: None)
    assert "not verified in .NET: there is no .NET SDK" in passes("verify")
    assert read_json(REPORT, "verify")["verified"] is False


def test_the_proof_is_written_without_an_sdk_too(linear, passes):
    PROOF_PAGE.unlink()
    passes("verify")
    assert "Not verified in .NET: verify.mode=off" in PROOF_PAGE.read_text()


def test_a_report_of_another_contract_is_refused(linear, fails):
    report = read_json(PARITY_REPORT, "validate")
    write_json(PARITY_REPORT, {**report, "contract_sha256": "0" * 64})
    assert f"{PARITY_REPORT} was written with another contract than {CONTRACT}" in fails("verify")


def test_without_the_gate_s_report_the_stage_is_named(linear, fails):
    PARITY_REPORT.unlink()
    assert f"{PARITY_REPORT} is missing: it is written by `python -m pipeline validate`" in fails("verify")


def test_required_without_an_sdk(linear, monkeypatch, configure, fails):
    configure("verify.mode=required")
    monkeypatch.setattr(sdk, "find", lambda: None)
    assert "verify needs a .NET SDK" in fails("verify")


def test_altered_package(linear, fails):
    package = next(Path("build/package").glob("*.nupkg"))
    package.write_bytes(package.read_bytes() + b"!")
    assert "is not the package" in fails("verify")


@needs_dotnet
@pytest.mark.parametrize("client", ["source", "assembly"])
def test_real(digits, passes, client):
    passes(
        "params",
        "train.epochs=3",
        "model.net.kwargs.width=4",
        f"package.client={client}",
        "verify.mode=required",
        "verify.threads=2",
        # What is proven does not hang on what travels.
        "package.golden=none",
    )
    passes("package")
    printed = passes("verify")
    report = read_json(REPORT, "verify")
    task = report["task"]
    assert (
        f"verified in .NET: {report['rows']} rows through {len(WAYS)} ways in, 2 threads; 359 test rows, accuracy {task['dotnet']:.4f}"
        in printed
    )
    parity = read_json(Path("reports/parity.json"), "validate")["task"]
    assert (task["rows"], task["eager"], task["dotnet"]) == (359, parity["eager"], parity["simplify"])
    assert {entry["way"] for entry in report["comparisons"] if entry["case"] == "test"} == {"buffers"}
    assert report["verified"] is True
    assert (report["onnxruntime"], report["note"]) == ("1.31.1", "")
    assert {entry["way"] for entry in report["comparisons"]} == set(WAYS)
    assert {entry["batch"] for entry in report["comparisons"]} >= {1, 2, 3, 7}
    assert report["package_sha256"] == sha256(Path("build/package") / report["package"])
    assert "and so does the package in .NET" in PROOF_PAGE.read_text()
    # NuGet restored the very version, with the label of its content; assemblies have its number.
    version = read_package().version
    assert version.startswith("1.0.0-g")
    assert f"Version {version}; there is no release before it." in PROOF_PAGE.read_text()
    if client == "assembly":
        with zipfile.ZipFile(read_package().path) as archive:
            assembly = archive.read("lib/net8.0/Digits.dll").decode("utf-16le", errors="replace")
        assert [assembly.count(text) for text in ("1.0.0.0", f"{version}\0")] == [2, 1]


@needs_dotnet
def test_the_processors_library_where_the_package_has_none(linear, configure, passes):
    configure("package.runtime=managed", "verify.mode=required")
    passes("package")
    assert "verified in .NET" in passes("verify")
    assert read_json(REPORT, "verify")["onnxruntime"] == "1.31.1"


@needs_dotnet
def test_real_and_refused(digits, passes, capsys):
    passes(
        "params", "train.epochs=3", "model.net.kwargs.width=4", "parity.atol=0", "parity.rtol=0", "verify.mode=required"
    )
    assert main(["verify"]) == 1
    told = capsys.readouterr().err
    assert ".NET does not answer like PyTorch" in told
    assert "The package does not answer in .NET what PyTorch answered" in PROOF_PAGE.read_text()
    assert "way in 'buffers', output 'probabilities', row" in told  # the worst is one of the many test rows
    assert read_json(REPORT, "verify")["verified"] is False


@needs_dotnet
def test_unreachable_feed(linear, monkeypatch, configure, fails, tmp_path):
    configure("verify.mode=required")
    home = tmp_path / "home" / ".nuget" / "NuGet"
    home.mkdir(parents=True)
    (home / "NuGet.Config").write_text(
        '<configuration><packageSources><clear /><add key="gone" value="http://127.0.0.1:9/v3/index.json" '
        'allowInsecureConnections="true" /></packageSources></configuration>'
    )
    dotnet = sdk.find()
    monkeypatch.setattr(sdk, "find", lambda: dotnet)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOTNET_CLI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NUGET_ENHANCED_MAX_NETWORK_TRY_COUNT", "1")
    told = fails("verify")
    assert "cannot reach a NuGet feed" in told or "NuGet sources" in told


@pytest.fixture
def silent(linear, monkeypatch, tmp_path) -> list[float | None]:
    """Replay with a program that says nothing; the seconds that each command may take."""
    limits: list[float | None] = []
    monkeypatch.setattr(sdk, "run", lambda *_, **settings: limits.append(settings.get("timeout")))
    write_inputs(tmp_path / TEST_SPLIT, {"x": np.zeros(1500)}, [slice(0, 1000), slice(1000, 1500)], True)
    consumer = Consumer(sdk.Sdk(Path("dotnet"), "10.0.401"), load_contract(), read_package(), tmp_path)
    with pytest.raises(PipelineError, match="without saying what it ran on"):
        consumer.replay(1, tmp_path, tmp_path / TEST_SPLIT)
    return limits


def test_program_that_says_nothing(silent, tmp_path):
    assert list((tmp_path / "answers").iterdir()) == []


def test_a_program_with_many_rows_may_take_longer(silent):
    assert silent == [2100.0]
