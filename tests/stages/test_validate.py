import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from pipeline.core.arrays import load, save
from pipeline.core.contract import load_contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import sha256
from pipeline.core.golden import load_calls, save_calls
from pipeline.core.parity_report import UNOPENED_CASE
from pipeline.core.paths import (
    CONTRACT,
    EXPORT_REPORT,
    EXPORTED,
    GOLDEN_ARRAYS,
    GOLDEN_INDEX,
    GOLDEN_TEST_SPLIT,
    METRICS_REPORT,
    PARITY_PAGE,
    PARITY_REPORT,
    PARITY_TABLE,
    SIMPLIFIED,
    SIMPLIFY_REPORT,
    TEST_SPLIT,
)
from pipeline.graph import onnx_model
from pipeline.parity.gate import explain_failure
from pipeline.parity.power import LEAST
from pipeline.stages import validate as stage
from pipeline.stages.validate import score_task
from pipeline_runs import regolden, reseal

# What a gate that fails writes all the same: why it failed.
VERDICT = tuple(path.as_posix() for path in (PARITY_REPORT, METRICS_REPORT, PARITY_TABLE, PARITY_PAGE))
COLUMNS = {
    "stage",
    "variant",
    "output",
    "batch",
    "max_abs",
    "max_rel",
    "mean_abs",
    "scale",
    "tolerance",
    "required_tolerance",
    "passed",
}


def report() -> dict:
    return json.loads(PARITY_REPORT.read_text())


def edit(path: Path, change) -> None:
    model = onnx_model.load(path, "export")
    change(model)
    onnx_model.save(model, path)
    reseal(path)


def nudge(model, by=1e-3) -> None:
    """Move one weight a little."""
    for initializer in model.graph.initializer:
        array = numpy_helper.to_array(initializer).copy()
        if array.dtype.kind == "f":
            array.flat[0] += by
            initializer.CopyFrom(numpy_helper.from_array(array, initializer.name))
            return


def rewrite(change) -> None:
    """Change the golden calls, and make contract and checksums agree."""
    save_calls([change(call) for call in load_calls()])
    regolden()


def rewrite_test_split(arrays) -> None:
    save(TEST_SPLIT, arrays)
    reseal(TEST_SPLIT)


def test_a_good_model_passes(linear, passes):
    assert "validate: passed: 20 comparisons, 1,910 values, largest difference " in passes("validate")
    said = report()
    assert (said["passed"], said["gate"], said["task"], said["onnxruntime"]) == (
        True,
        "passed",
        None,
        onnxruntime.__version__,
    )
    assert {entry["case"] for entry in said["comparisons"]} == {
        "rows-1",
        "rows-2",
        "rows-3",
        "rows-7",
        "rows-8",
        "rows-64",
        "zeros",
        "minimum",
        "maximum",
        "test",
    }
    assert all(set(entry) >= COLUMNS for entry in said["comparisons"])
    assert said["models"] == {"export": sha256(EXPORTED), "simplify": sha256(SIMPLIFIED)}


def test_the_table_has_a_row_for_each_comparison(linear):
    with PARITY_TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["stage"], r["case"]) for r in rows] == [(c["stage"], c["case"]) for c in report()["comparisons"]]


def test_the_task_is_measured_on_the_whole_test_split(digits, passes):
    said = passes("validate")
    task = report()["task"]
    answers, target = load(GOLDEN_TEST_SPLIT, "export")["label"], load(TEST_SPLIT, "prepare")["target"]
    assert task["rows"] == len(target) == 359
    assert task["eager"] == task["export"] == task["simplify"] == (answers == target).mean()
    assert f"accuracy {task['simplify']:.4f} (PyTorch {task['eager']:.4f})" in said


def test_the_metrics_are_few_and_of_what_is_published(digits):
    said, metrics = report(), json.loads(METRICS_REPORT.read_text())
    assert metrics == {
        "accuracy": said["task"]["simplify"],
        "parity_used": said["used"],
        "power": said["power"]["caught"] / (said["power"]["caught"] + said["power"]["missed"]),
        "nodes": onnx_model.count(onnx_model.load(SIMPLIFIED, "simplify"))["nodes"],
        "bytes": SIMPLIFIED.stat().st_size,
    }


@pytest.mark.parametrize("path", [EXPORTED, SIMPLIFIED])
def test_a_moved_weight_is_found_and_its_printed_tolerance_passes(path, linear, configure, passes, fails):
    edit(path, nudge)
    configure("parity.atol=0", "parity.rtol=0")
    said = fails("validate", changes=VERDICT)
    for part in (
        str(path),
        "output 'output'",
        ", row ",
        "index [",
        "expected ",
        "got ",
        "smallest parity.atol that passes: ",
        "batch ",
    ):
        assert part in said
    configure(f"parity.atol={said.partition('parity.atol=')[2].split()[0]}", "parity.rtol=0")
    passes("validate")


def test_one_failed_comparison_prints_the_tolerance_that_passes(digits, passes, fails):
    edit(SIMPLIFIED, nudge)
    passes("params", "train.epochs=3", "model.net.kwargs.width=4", "parity.rtol=0", "export.golden_batches=[1]")
    said = fails("validate", changes=VERDICT)
    needed = max((entry["required_tolerance"] or 0) / (entry["scale"] or 1) for entry in report()["comparisons"])
    assert float(said.partition("parity.atol=")[2].split()[0]) == pytest.approx(needed, rel=0.01)


def test_the_worst_comparison_is_the_one_that_is_named(linear, fails):
    edit(SIMPLIFIED, nudge)
    said = fails("validate", changes=VERDICT)
    worst = max(report()["comparisons"], key=lambda entry: entry["used"])
    assert f"(call {worst['case']}, batch {worst['batch']})" in said
    assert report()["used"] == worst["used"]


def test_a_failed_gate_says_so_on_the_page(linear, fails):
    edit(SIMPLIFIED, nudge)
    fails("validate", changes=VERDICT)
    assert "Simplify does not answer what PyTorch answered" in PARITY_PAGE.read_text()
    assert report()["passed"] is False


def retype(model) -> None:
    name = model.graph.output[0].name
    model.graph.node[-1].output[0] = "narrow"
    model.graph.node.append(helper.make_node("Cast", ["narrow"], [name], to=TensorProto.DOUBLE))
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.DOUBLE


def rename(model) -> None:
    model.graph.output[0].name = model.graph.node[-1].output[0] = "other"


def freeze(model) -> None:
    for port in (*model.graph.input, *model.graph.output):
        port.type.tensor_type.shape.dim[0].dim_value = 7


def reweigh(model) -> None:
    next(entry for entry in model.metadata_props if entry.key == "weights_sha256").value = "0" * 64


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (retype, "output 'output': expected dtype float32, got float64"),
        (rename, "outputs: expected ['output'], got ['other']"),
        (freeze, "input 'input': expected shape ['batch', 10], got [7, 10]"),
        (reweigh, "build/simplified/model.onnx holds other weights than the contract was made for: run `dvc repro`"),
        (lambda model: model.ClearField("metadata_props"), "build/simplified/model.onnx holds other weights"),
    ],
    ids=["dtype", "name", "batch", "weights", "unsigned"],
)
def test_a_graph_that_departs_from_the_contract_fails(change, says, linear, fails):
    edit(SIMPLIFIED, change)
    said = fails("validate", changes=VERDICT)
    assert "the parity gate failed: " in said
    assert says in said


def test_a_graph_that_cannot_run_some_batch_fails(linear, fails):
    def reshape(model):
        model.graph.initializer.append(numpy_helper.from_array(np.array([7, 10]), "size"))
        model.graph.node.insert(0, helper.make_node("Reshape", ["input", "size"], ["seven"]))
        model.graph.node[1].input[0] = "seven"

    edit(SIMPLIFIED, reshape)
    said = fails("validate", changes=VERDICT)
    assert "onnxruntime cannot run the model on {'input': 'float32[1, 10]'}" in said
    assert [e["case"] for e in report()["comparisons"] if e["stage"] == "simplify" and e["passed"]] == ["rows-7"]


def test_a_graph_that_answers_nan_fails(linear, fails):
    edit(SIMPLIFIED, lambda model: nudge(model, np.nan))
    assert "got nan" in fails("validate", changes=VERDICT)


def test_a_graph_that_the_runtime_refuses_is_explained(linear, fails):
    edit(SIMPLIFIED, lambda model: setattr(model.opset_import[0], "version", 99))
    said = fails("validate", changes=VERDICT)
    assert "1 of 11 comparisons failed; build/simplified/model.onnx: onnxruntime " in said
    assert "at most, the graph has 99" in said


def test_a_graph_that_the_runtime_refuses_is_a_comparison_in_the_report(linear, fails):
    edit(SIMPLIFIED, lambda model: setattr(model.opset_import[0], "version", 99))
    fails("validate", changes=VERDICT)
    (entry,) = [e for e in report()["comparisons"] if e["stage"] == "simplify"]
    assert (entry["case"], entry["output"], entry["passed"]) == (UNOPENED_CASE, "(run)", False)
    assert entry["problem"].startswith("onnxruntime ")
    assert "at most, the graph has 99" in PARITY_PAGE.read_text()


@pytest.mark.parametrize("path", [EXPORTED, SIMPLIFIED])
@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_a_damaged_graph_is_explained(path, share, linear, fails):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    reseal(path)
    assert f"{path}: expected an ONNX model, got a damaged or truncated file" in fails("validate")


@pytest.mark.parametrize(
    ("path", "stage"),
    [
        (EXPORTED, "export"),
        (SIMPLIFIED, "simplify"),
        (CONTRACT, "export"),
        (TEST_SPLIT, "prepare"),
    ],
)
def test_a_missing_file_names_its_stage(path, stage, linear, fails):
    path.unlink()
    assert f"{path} is missing: it is written by `python -m pipeline {stage}`" in fails("validate")


@pytest.mark.parametrize("path", [GOLDEN_INDEX, GOLDEN_ARRAYS, GOLDEN_TEST_SPLIT])
def test_the_golden_file_of_another_model_is_refused(path, linear, digits_run, fails):
    path.write_bytes((digits_run / path).read_bytes())
    reseal(path)
    assert f"{path}: expected the golden file made with this model's contract" in fails("validate")


@pytest.mark.parametrize("path", [GOLDEN_ARRAYS, GOLDEN_TEST_SPLIT])
def test_an_empty_golden_file_never_passes(path, linear, fails):
    save(path, {})
    regolden()
    assert f"{path}: expected at least one array, got an empty archive" in fails("validate")


@pytest.mark.parametrize("path", [TEST_SPLIT, GOLDEN_ARRAYS, EXPORTED, SIMPLIFIED])
def test_a_folder_that_somebody_edited_by_hand_is_named(path, linear, fails):
    path.write_bytes(path.read_bytes() + b"\0")
    stage = {TEST_SPLIT: "prepare", SIMPLIFIED: "simplify"}.get(path, "export")
    said = fails("validate")
    assert f"{path}" in said
    assert f"python -m pipeline {stage}" in said


def test_golden_answers_without_rows_never_pass(linear, fails):
    def empty(call):
        return replace(
            call, inputs={"input": np.zeros((0, 10), np.float32)}, outputs={"output": np.zeros((0, 5), np.float32)}
        )

    save(GOLDEN_TEST_SPLIT, {"output": np.zeros((0, 5), np.float32)})
    rewrite(empty)
    rewrite_test_split({"input": np.zeros((0, 10), np.float32)})
    assert "nothing was compared" in fails("validate", changes=VERDICT)


def test_a_call_without_an_answer_fails(linear, fails):
    rewrite(lambda call: replace(call, outputs={}) if call.name == "rows-3" else call)
    said = fails("validate", changes=VERDICT)
    assert "there is no expected output: nothing was compared (call rows-3, batch 3)" in said


def test_a_test_split_of_another_size_fails(linear, fails):
    rewrite_test_split({"input": np.zeros((3, 10), np.float32)})
    assert "expected shape (100, 5), got (3, 5) (call test, batch 3)" in fails("validate", changes=VERDICT)


def test_a_test_split_without_the_input_is_explained(linear, fails):
    rewrite_test_split({"other": np.zeros((3, 10), np.float32)})
    assert "'input'" in fails("validate")


def test_a_task_budget_that_is_exceeded_fails(digits, fails, monkeypatch):
    """A graph that answers another class fails the comparison before; of its rows, those count that got worse."""
    replayed = stage.replay

    def replay_wrongly(stage_name, *rest):
        comparisons, answers = replayed(stage_name, *rest)
        wrong = {"label": (answers["label"] + 1) % 10} if stage_name == "simplify" else {}
        return comparisons, answers | wrong

    monkeypatch.setattr(stage, "replay", replay_wrongly)
    said = fails("validate", changes=VERDICT)
    task = report()["task"]
    assert "the accuracy on 359 test rows falls by more than parity.task_budget=0: " in said
    worse, better = task["paired"]["simplify"]["worse"], task["paired"]["simplify"]["better"]
    assert f"; simplify: 359 rows changed their answer ({worse} worse, {better} better)" in said
    assert worse == round(task["eager"] * 359)


def test_no_row_has_changed_and_the_bound_says_what_that_proves(digits, passes):
    assert "0 of 359 rows changed, at most 0.83% get worse" in passes("validate")
    assert report()["task"]["paired"]["simplify"] == {
        "changed": 0,
        "better": 0,
        "worse": 0,
        "loss": 0.0,
        "bound": pytest.approx(1 - 0.05 ** (1 / 359)),
        "bound_of": "worse rows",
    }


@pytest.mark.parametrize("tolerance", ["parity.atol=1e9", "parity.rtol=0.5"])
def test_a_tolerance_that_would_pass_a_wrong_graph_fails(tolerance, linear, configure, fails):
    configure(tolerance)
    said = fails("validate", changes=VERDICT)
    assert "the parity gate failed: the gate would pass a wrong graph: " in said
    assert "the tolerance is too wide for this model: divide parity.atol, parity.rtol and parity.floor by " in said
    assert report()["power"]["passed"] is False
    assert report()["passed"] is False


def test_what_a_mutant_may_move_is_set(linear, configure, passes, fails):
    configure("parity.atol=5e-4")
    passes("validate")
    configure("parity.atol=5e-4", "parity.least_power=1e-5")
    assert "(parity.least_power=1e-05)" in fails("validate", changes=VERDICT)


def test_the_power_is_printed_reported_and_on_the_page(linear, passes):
    said = passes("validate")
    power = report()["power"]
    assert f"; power: {power['caught']} of {power['tried']} mutants caught, {power['equivalent']} equivalent" in said
    assert ">What the gate would notice</h2>" in PARITY_PAGE.read_text()


def test_the_evidence_of_digits(digits):
    evidence = report()["evidence"]
    assert (evidence["stage"], list(evidence["outputs"])) == ("simplify", ["probabilities"])
    assert {view["kind"] for row in evidence["rows"] for view in row["inputs"]} == {"picture"}
    histogram = evidence["outputs"]["probabilities"]["histograms"]["simplify"]
    compared = [
        one for one in report()["comparisons"] if (one["stage"], one["output"]) == ("simplify", "probabilities")
    ]
    assert histogram["equal"] + sum(histogram["counts"]) == sum(one["values"] for one in compared)
    used = max(one["used"] for one in compared)
    assert max(map(abs, evidence["outputs"]["probabilities"]["used"])) == pytest.approx(used, rel=1e-5)
    assert evidence["rows"][0]["answers"][1]["used"] == pytest.approx(used, rel=1e-5)


def test_the_evidence_says_where_the_graph_comes_from(digits):
    evidence = report()["evidence"]
    assert evidence["data_sha256"]["test"] == sha256(TEST_SPLIT)
    assert evidence["versions"]["onnx"] == onnx.__version__
    assert evidence["graphs"]["simplify"]["nodes"] == onnx_model.count(onnx_model.load(SIMPLIFIED, "simplify"))["nodes"]


def test_the_evidence_is_of_the_first_graph_that_fails(linear, fails):
    edit(EXPORTED, nudge)
    fails("validate", changes=VERDICT)
    assert report()["evidence"]["stage"] == "export"
    assert report()["evidence"]["rows"][0]["answers"][0]["used"] > 1


@pytest.mark.parametrize(("path", "stage"), [(EXPORT_REPORT, "export"), (SIMPLIFY_REPORT, "simplify")])
def test_a_missing_report_names_its_stage(path, stage, linear, fails):
    path.unlink()
    assert f"{path} is missing: it is written by `python -m pipeline {stage}`" in fails("validate")


def test_the_page_stays_small(digits):
    assert PARITY_PAGE.stat().st_size < 200_000
    assert PARITY_REPORT.stat().st_size < 100_000


def test_the_same_graph_gives_the_same_page(digits, passes):
    before = PARITY_PAGE.read_bytes()
    passes("validate")
    assert PARITY_PAGE.read_bytes() == before


def test_the_same_graph_gives_the_same_report(linear, passes):
    before = PARITY_REPORT.read_bytes()
    passes("validate")
    assert PARITY_REPORT.read_bytes() == before


def test_the_budget_decides_how_many_mutants_are_tried(linear, configure, passes):
    configure("parity.power_budget=0")
    assert f"of {LEAST} mutants caught" in passes("validate")


def test_a_gate_that_fails_is_not_asked_for_its_power(linear, fails):
    edit(SIMPLIFIED, nudge)
    fails("validate", changes=VERDICT)
    assert report()["power"] is None


@pytest.mark.parametrize(("budget", "passed"), [(0.24, False), (0.25, True), (0.26, True)])
def test_the_budget_is_what_may_be_lost(budget, passed, digits):
    target = np.array([0, 1, 2, 3])
    answers = {"eager": {"label": target}, "export": {"label": target}, "simplify": {"label": np.array([0, 1, 2, 0])}}
    assert score_task(load_contract(), answers, target, budget).passed is passed


def test_a_graph_that_is_better_passes(digits):
    target = np.array([0, 1])
    answers = {"eager": {"label": np.array([0, 0])}, "export": {"label": target}, "simplify": {"label": target}}
    assert score_task(load_contract(), answers, target, 0.0).passed


def test_a_task_of_another_output_is_refused(digits):
    answers = {name: {"lable": np.array([0, 1])} for name in ("eager", "export", "simplify")}
    with pytest.raises(
        PipelineError, match=r"model\.task\.output: expected one of \['lable'\], got 'label'; did you mean"
    ):
        score_task(load_contract(), answers, np.array([0, 1]), 0.0)


def test_a_graph_without_the_task_s_output_fails(digits):
    target = np.array([0, 1])
    answers = {"eager": {"label": target}, "export": {}, "simplify": {"label": target}}
    task = score_task(load_contract(), answers, target, 1.0)
    assert (task.passed, task.export, task.simplify) == (False, None, 1.0)
    assert task.problems == {"export": "model.task.output: expected one of [], got 'label'"}


def test_a_graph_whose_answers_cannot_be_measured_fails(digits):
    target = np.array([0, 1, 2, 3])
    answers = {"eager": {"label": target}, "export": {"label": target}, "simplify": {"label": target[:2]}}
    task = score_task(load_contract(), answers, target, 1.0)
    assert not task.passed
    assert "expected a row for each of `target`, got int64[2] and int64[4]" in task.problems["simplify"]


def test_no_comparisons_are_a_failure():
    assert "nothing was compared" in explain_failure([])


def test_targets_of_other_rows_are_refused(digits, fails):
    rewrite_test_split({name: array[:5] for name, array in load(TEST_SPLIT, "prepare").items()})
    assert "model.task.output=label: expected a row for each of `target`, got int64[" in fails("validate")


def test_a_target_for_each_row_is_needed(digits, fails):
    test = load(TEST_SPLIT, "prepare")
    rewrite_test_split({**test, "target": test["target"][:5]})
    assert "test.npz: expected arrays whose first axis is the row, the same number of each" in fails("validate")
