import csv
import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from pipeline.core import contract as contracts
from pipeline.core.arrays import load, save
from pipeline.core.contract import GOLDEN_INPUTS, GOLDEN_OUTPUTS, GOLDEN_TEST
from pipeline.core.files import read_json, sha256, write_json
from pipeline.graph import onnx_model
from pipeline.stages import validate as stage
from pipeline.stages.validate import METRICS, PAGE, REPORT, TABLE, TEST_DATA, judge_task, verdict

# What a gate that fails writes all the same: why it failed.
VERDICT = tuple(path.as_posix() for path in (REPORT, METRICS, TABLE, PAGE))
COLUMNS = {
    "stage",
    "variant",
    "output",
    "batch",
    "max_abs",
    "max_rel",
    "mean_abs",
    "tolerance",
    "required_tolerance",
    "passed",
}


def report() -> dict:
    return json.loads(REPORT.read_text())


def edit(path: Path, change) -> None:
    model = onnx_model.load(path, "export")
    change(model)
    onnx_model.save(model, path)


def nudge(model, by=1e-3) -> None:
    """Move one weight a little."""
    for initializer in model.graph.initializer:
        array = numpy_helper.to_array(initializer).copy()
        if array.dtype.kind == "f":
            array.flat[0] += by
            initializer.CopyFrom(numpy_helper.from_array(array, initializer.name))
            return


def regolden() -> None:
    """Make the contract agree with the golden files as they are now."""
    said = read_json(contracts.CONTRACT, "export")
    for key, path in (("inputs", GOLDEN_INPUTS), ("outputs", GOLDEN_OUTPUTS), ("test", GOLDEN_TEST)):
        said["golden"][f"{key}_sha256"] = sha256(path)
    write_json(contracts.CONTRACT, said)


def test_a_good_road_passes(linear, passes):
    assert "validate: passed: 16 comparisons, 1,190 values, largest difference " in passes("validate")
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
        "zeros",
        "minimum",
        "maximum",
        "test",
    }
    assert all(set(entry) >= COLUMNS for entry in said["comparisons"])
    assert said["models"] == {"export": sha256(onnx_model.EXPORTED), "simplify": sha256(onnx_model.SIMPLIFIED)}


def test_the_table_has_a_row_for_each_comparison(linear):
    with TABLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["stage"], r["case"]) for r in rows] == [(c["stage"], c["case"]) for c in report()["comparisons"]]


def test_the_task_is_measured_on_the_whole_test_split(digits, passes):
    said = passes("validate")
    task = report()["task"]
    answers, target = load(GOLDEN_TEST, "export")["label"], load(TEST_DATA, "prepare")["target"]
    assert task["rows"] == len(target) == 359
    assert task["eager"] == task["export"] == task["simplify"] == (answers == target).mean()
    assert f"accuracy {task['eager']:.4f} in PyTorch" in said


def test_the_metrics_are_few_and_of_what_is_published(digits):
    said, metrics = report(), json.loads(METRICS.read_text())
    assert metrics == {
        "accuracy": said["task"]["simplify"],
        "accuracy_pytorch": said["task"]["eager"],
        "parity_max_abs": said["max_abs"],
        "parity_used": said["used"],
        "nodes": onnx_model.count(onnx_model.load(onnx_model.SIMPLIFIED, "simplify"))["nodes"],
        "bytes": onnx_model.SIMPLIFIED.stat().st_size,
    }


@pytest.mark.parametrize("path", [onnx_model.EXPORTED, onnx_model.SIMPLIFIED])
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
        "smallest atol that passes: ",
        "batch ",
    ):
        assert part in said
    configure(f"parity.atol={said.partition('parity.atol=')[2].split()[0]}", "parity.rtol=0")
    passes("validate")


def test_one_failed_comparison_prints_the_tolerance_that_passes(digits, passes, fails):
    edit(onnx_model.SIMPLIFIED, nudge)
    passes("params", "train.epochs=3", "model.net.kwargs.width=4", "parity.rtol=0", "export.golden_batches=[1]")
    said = fails("validate", changes=VERDICT)
    needed = max(entry["required_tolerance"] or 0 for entry in report()["comparisons"])
    assert float(said.partition("parity.atol=")[2].split()[0]) == pytest.approx(needed, rel=0.01)


def test_the_worst_comparison_is_the_one_that_is_named(linear, fails):
    edit(onnx_model.SIMPLIFIED, nudge)
    said = fails("validate", changes=VERDICT)
    worst = max(report()["comparisons"], key=lambda entry: entry["required_tolerance"])
    assert f"(case {worst['case']}, batch {worst['batch']})" in said
    assert report()["required_tolerance"] == worst["required_tolerance"]


def test_a_failed_gate_says_so_on_the_page(linear, fails):
    edit(onnx_model.SIMPLIFIED, nudge)
    fails("validate", changes=VERDICT)
    assert "The gate failed." in PAGE.read_text()
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
        (reweigh, "build/simplified.onnx holds other weights than the contract was made for: run `dvc repro`"),
        (lambda model: model.ClearField("metadata_props"), "build/simplified.onnx holds other weights"),
    ],
    ids=["dtype", "name", "batch", "weights", "unsigned"],
)
def test_a_graph_that_departs_from_the_contract_fails(change, says, linear, fails):
    edit(onnx_model.SIMPLIFIED, change)
    said = fails("validate", changes=VERDICT)
    assert "the parity gate failed: " in said
    assert says in said


def test_a_graph_that_cannot_run_some_batch_fails(linear, fails):
    def reshape(model):
        model.graph.initializer.append(numpy_helper.from_array(np.array([7, 10]), "size"))
        model.graph.node.insert(0, helper.make_node("Reshape", ["input", "size"], ["seven"]))
        model.graph.node[1].input[0] = "seven"

    edit(onnx_model.SIMPLIFIED, reshape)
    said = fails("validate", changes=VERDICT)
    assert "onnxruntime cannot run the model on {'input': 'float32[1, 10]'}" in said
    assert [e["case"] for e in report()["comparisons"] if e["stage"] == "simplify" and e["passed"]] == ["rows-7"]


def test_a_graph_that_answers_nan_fails(linear, fails):
    edit(onnx_model.SIMPLIFIED, lambda model: nudge(model, np.nan))
    assert "got nan" in fails("validate", changes=VERDICT)


def test_a_graph_that_the_runtime_refuses_is_explained(linear, fails):
    edit(onnx_model.SIMPLIFIED, lambda model: setattr(model.opset_import[0], "version", 99))
    said = fails("validate")
    assert "build/simplified.onnx: onnxruntime " in said
    assert "refuses the model" in said


@pytest.mark.parametrize("path", [onnx_model.EXPORTED, onnx_model.SIMPLIFIED])
@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_a_damaged_graph_is_explained(path, share, linear, fails):
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert f"{path}: expected an ONNX model, got a damaged or truncated file" in fails("validate")


@pytest.mark.parametrize(
    ("path", "stage"),
    [
        (onnx_model.EXPORTED, "export"),
        (onnx_model.SIMPLIFIED, "simplify"),
        (contracts.CONTRACT, "export"),
        (TEST_DATA, "prepare"),
    ],
)
def test_a_missing_file_names_its_stage(path, stage, linear, fails):
    path.unlink()
    assert f"{path} is missing: it is written by `python -m pipeline {stage}`" in fails("validate")


@pytest.mark.parametrize("path", [GOLDEN_INPUTS, GOLDEN_OUTPUTS, GOLDEN_TEST])
def test_the_golden_file_of_another_model_is_refused(path, linear, digits_run, fails):
    path.write_bytes((digits_run / path).read_bytes())
    assert f"{path}: expected the golden file made with this model's contract" in fails("validate")


@pytest.mark.parametrize("path", [GOLDEN_INPUTS, GOLDEN_OUTPUTS, GOLDEN_TEST])
def test_an_empty_golden_file_never_passes(path, linear, fails):
    save(path, {})
    regolden()
    assert f"{path}: expected at least one array, got an empty archive" in fails("validate", changes=VERDICT)


def test_golden_answers_without_rows_never_pass(linear, fails):
    for path, width in ((GOLDEN_INPUTS, 10), (GOLDEN_OUTPUTS, 5)):
        name = path.stem.removesuffix("s")
        save(path, {f"rows-1/{name}": np.zeros((0, width), np.float32)})
    save(GOLDEN_TEST, {"output": np.zeros((0, 5), np.float32)})
    save(TEST_DATA, {"input": np.zeros((0, 10), np.float32)})
    regolden()
    assert "nothing was compared" in fails("validate", changes=VERDICT)


def test_a_question_without_an_answer_fails(linear, fails):
    answers = load(GOLDEN_OUTPUTS, "export")
    save(GOLDEN_OUTPUTS, {key: array for key, array in answers.items() if not key.startswith("rows-3/")})
    regolden()
    said = fails("validate", changes=VERDICT)
    assert "there is no expected output: nothing was compared (case rows-3, batch 3)" in said


def test_a_test_split_of_another_size_fails(linear, fails):
    save(TEST_DATA, {"input": np.zeros((3, 10), np.float32)})
    assert "expected shape (100, 5), got (3, 5) (case test, batch 3)" in fails("validate", changes=VERDICT)


def test_a_test_split_without_the_input_is_explained(linear, fails):
    save(TEST_DATA, {"other": np.zeros((3, 10), np.float32)})
    assert "'input'" in fails("validate", changes=VERDICT)


def test_a_task_budget_that_is_exceeded_fails(digits, fails, monkeypatch):
    scores = iter([0.9, 0.9, 0.5])
    monkeypatch.setattr(stage, "accuracy", lambda *_: next(scores))
    said = fails("validate", changes=VERDICT)
    assert "the accuracy on 359 test rows falls by more than parity.task_budget=0: " in said
    assert "'simplify': 0.5" in said


@pytest.mark.parametrize(("budget", "passed"), [(0.24, False), (0.25, True), (0.26, True)])
def test_the_budget_is_what_may_be_lost(budget, passed, digits):
    target = np.array([0, 1, 2, 3])
    answers = {"eager": {"label": target}, "export": {"label": target}, "simplify": {"label": np.array([0, 1, 2, 0])}}
    assert judge_task(contracts.load(), answers, target, budget)["passed"] is passed


def test_a_graph_that_is_better_passes(digits):
    target = np.array([0, 1])
    answers = {"eager": {"label": np.array([0, 0])}, "export": {"label": target}}
    assert judge_task(contracts.load(), answers, target, 0.0)["passed"]


def test_a_graph_without_the_task_s_output_fails(digits):
    target = np.array([0, 1])
    answers = {"eager": {"label": target}, "export": {}}
    assert not judge_task(contracts.load(), answers, target, 1.0)["passed"]


def test_no_comparisons_are_a_failure():
    assert "nothing was compared" in verdict([], None)
