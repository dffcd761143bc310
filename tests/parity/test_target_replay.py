"""What the target's wheel answers, judged by the gate; the wheels are this environment's own under another version."""

import json

import onnxruntime
import pytest

from pipeline.core.files import write_json
from pipeline.core.node_sources import NodeSource, write_sources
from pipeline.core.parity_report import RuntimeReplay
from pipeline.core.paths import (
    EXPORTED,
    METRICS_REPORT,
    PARITY_PAGE,
    PARITY_REPORT,
    PARITY_TABLE,
    SIMPLIFIED,
    TARGET_FINGERPRINT,
)
from pipeline.core.target_runtime import TargetRuntime
from pipeline.graph import onnx_model
from pipeline.parity.target_replay import PublishedGraph, format_runtimes, replay_target
from pipeline_runs import reseal
from wheel_folders import DYING, MOVED, write_wheel

VERDICT = tuple(path.as_posix() for path in (PARITY_REPORT, METRICS_REPORT, PARITY_TABLE, PARITY_PAGE))
OWN = onnxruntime.__version__
# What an onnxruntime says that has no kernel for one of the graph's nodes.
REFUSING = """
def InferenceSession(*_, **__):
    raise capi.onnxruntime_pybind11_state.NotImplemented(
        "[ONNXRuntimeError] : 9 : NOT_IMPLEMENTED : Could not find an implementation for Softmax(13) node with name ''"
    )
"""


@pytest.fixture
def target(linear, tmp_path, monkeypatch):
    """Name a target, as `fingerprint` does, and put a wheel of it into an empty store; the project's folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def set_target(version: str | None, source: str = "") -> None:
        name = version and f"onnxruntime-{version}"
        write_json(TARGET_FINGERPRINT, {"target": name, "onnxruntime": version or OWN})
        reseal(TARGET_FINGERPRINT)
        if version not in (None, OWN):
            write_wheel(version, source)

    return set_target


def report() -> dict:
    return json.loads(PARITY_REPORT.read_text())


def test_without_a_target_nothing_is_replayed(target, passes):
    target(None)
    said = passes("validate")
    assert "target" not in said
    assert (report()["runtimes"], {entry.get("runtime") for entry in report()["comparisons"]}) == ([], {None})


def test_without_a_target_no_process_is_started(target, passes, monkeypatch):
    target(None)
    monkeypatch.setattr("subprocess.run", None)
    passes("validate")


def test_the_target_s_wheel_answers_every_call_and_the_test_split(target, passes):
    target("1.18.9")
    said = passes("validate")
    own, wheel = (
        [entry for entry in report()["comparisons"] if entry.get("runtime") == runtime] for runtime in (None, "1.18.9")
    )
    published = [entry for entry in own if entry["stage"] == "simplify"]
    assert [(entry["stage"], entry["case"], entry["output"], entry["batch"]) for entry in wheel] == [
        (entry["stage"], entry["case"], entry["output"], entry["batch"]) for entry in published
    ]
    assert f"; target onnxruntime 1.18.9, in its wheel: {len(wheel)} comparisons, " in said


def test_the_report_says_with_what_it_was_replayed(target, passes):
    target("1.18.9")
    passes("validate")
    (runtime,) = report()["runtimes"]
    own = [entry for entry in report()["comparisons"] if entry["stage"] == "simplify" and entry.get("runtime") is None]
    assert (runtime["onnxruntime"], runtime["passed"], runtime["problem"]) == ("1.18.9", True, "")
    assert (runtime["comparisons"], runtime["values"]) == (len(own), sum(entry["values"] for entry in own))
    assert runtime["python"]
    assert runtime["numpy"]


def test_a_target_that_is_this_environment_s_own_is_listed_and_not_replayed_again(target, passes):
    target(OWN)
    said = passes("validate")
    (runtime,) = report()["runtimes"]
    assert (runtime["onnxruntime"], runtime["comparisons"]) == (OWN, len(report()["comparisons"]) // 2)
    assert f"; target onnxruntime {OWN}, this environment's own: " in said


def test_a_wheel_that_departs_fails_the_gate_and_is_named(target, fails):
    target("1.18.9", MOVED)
    said = fails("validate", changes=VERDICT)
    assert "build/simplified/model.onnx: in onnxruntime 1.18.9: output 'output', row " in said
    assert (report()["passed"], report()["runtimes"][0]["passed"]) == (False, False)


def test_a_wheel_that_dies_fails_the_gate_in_a_sentence(target, fails):
    target("1.18.9", DYING)
    assert "onnxruntime 1.18.9: the run of this call, or of one before it, ended by SIGSEGV" in fails(
        "validate", changes=VERDICT
    )


def test_an_operator_that_it_refuses_gets_node_line_and_first_version(target, fails):
    target("1.18.9", REFUSING.replace("Softmax(13)", f"{published_operator()}(13)"))
    value = onnx_model.load_graph(SIMPLIFIED, "simplify").graph.node[0].output[0]
    source = NodeSource(module="layer", module_class="Linear", operator="", file="models/net.py", line=7)
    write_sources({value: source}, EXPORTED.parent / "sources.json")
    said = fails("validate", changes=VERDICT)
    assert f"onnxruntime 1.18.9 has no {published_operator()}-13 of node '" in said
    assert "made by layer (models/net.py:7)" in said


def published_operator() -> str:
    return onnx_model.load_graph(SIMPLIFIED, "simplify").graph.node[0].op_type


def test_a_model_that_it_refuses_is_one_failed_comparison(target, fails):
    target("1.18.9", REFUSING)
    fails("validate", changes=VERDICT)
    (entry,) = [entry for entry in report()["comparisons"] if entry.get("runtime")]
    assert (entry["case"], entry["output"], entry["passed"]) == ("(session)", "(run)", False)


def test_a_broken_wheel_fails_the_gate_and_says_what_to_do(target, fails):
    target("1.18.9", "raise ImportError('no such library')")
    assert "(ImportError: no such library): remove the folder " in fails("validate", changes=VERDICT)


def test_a_wheel_that_is_gone_says_how_to_get_it_back(target, fails, tmp_path):
    target("1.18.9")
    (tmp_path / "cache").rename(tmp_path / "elsewhere")
    said = fails("validate")
    assert "target=onnxruntime-1.18.9: expected the wheel of onnxruntime 1.18.9 " in said
    assert said.endswith("install it with `python -m pipeline compat --install 1.18.9`\n")


def test_the_table_has_the_runtime(target, passes):
    target("1.18.9")
    passes("validate")
    assert PARITY_TABLE.read_text().splitlines()[-1].startswith("simplify,1.18.9,")


def test_a_split_whose_answers_have_no_one_shape_is_a_failed_comparison(target, fails):
    target(
        "1.18.9",
        "class InferenceSession(InferenceSession):\n    def run(self, *arguments): return [super().run(*arguments)[0][:1]]",
    )
    said = fails("validate", changes=VERDICT)
    assert "in onnxruntime 1.18.9: output 'output': expected" in said


def test_a_runtime_whose_outputs_must_be_equal_uses_nothing():
    replay = RuntimeReplay(
        onnxruntime="1.18.1",
        python="3.11.7",
        numpy="1.26.4",
        passed=True,
        problem="",
        comparisons=2,
        values=9,
        used=None,
    )
    assert [*format_runtimes([replay])] == ["target onnxruntime 1.18.1, in its wheel: 2 comparisons, 9 values"]


def test_where_nothing_was_compared_no_runtime_has_passed():
    own = TargetRuntime(target=f"onnxruntime-{OWN}", onnxruntime=OWN)
    (runtime,) = replay_target(own, PublishedGraph("simplify", SIMPLIFIED, []), None, None).runtimes
    assert not runtime.passed
