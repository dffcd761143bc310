"""validate: every graph against PyTorch's golden answers -> reports/parity.json; the gate that publishing waits for."""

import csv
import io
from collections.abc import Sequence

import onnxruntime

from pipeline.compare.comparison import make_policy
from pipeline.compare.metrics import accuracy
from pipeline.core.arrays import Array, Arrays, load
from pipeline.core.contract import Contract, load_contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked, sha256, write_json, write_text
from pipeline.core.golden import GoldenCall, check_proven, load_calls
from pipeline.core.paths import (
    CONTRACT,
    EXPORTED,
    GOLDEN_TEST_SPLIT,
    METRICS_REPORT,
    PARITY_PAGE,
    PARITY_REPORT,
    PARITY_TABLE,
    SIMPLIFIED,
    TEST_SPLIT,
)
from pipeline.core.reports import Comparison, ParityReport, TaskReport, write_report
from pipeline.core.rows import Rows
from pipeline.graph import onnx_model
from pipeline.parity import page
from pipeline.parity.gate import explain_failure
from pipeline.parity.replay import GoldenAnswers, replay
from pipeline.settings.params import Params

GRAPHS = {"export": EXPORTED, "simplify": SIMPLIFIED}
# Name of the whole test split among the golden calls.
TEST = "test"
COLUMNS = (
    "stage",
    "variant",
    "case",
    "batch",
    "output",
    "max_abs",
    "mean_abs",
    "tolerance",
    "required_tolerance",
    "used",
)


def score_task(
    contract: Contract, answers: dict[str, Arrays], target: Array | None, budget: float
) -> TaskReport | None:
    """The task's metric for the eager network and each graph, on the whole test split; None when the model has no task."""
    if contract.task is None or target is None:
        return None
    output = contract.task.output
    if output in answers["eager"] and answers["eager"][output].shape[:1] != target.shape[:1]:
        raise PipelineError(
            f"{TEST_SPLIT}: expected a target for each row that {GOLDEN_TEST_SPLIT} has an answer to, got shape {list(target.shape)} for "
            f"answers of shape {list(answers['eager'][output].shape)}: run `dvc repro`"
        )
    scores = {
        name: accuracy(outputs[output], target) if output in outputs else None for name, outputs in answers.items()
    }
    eager = scores.pop("eager")
    if eager is None:
        raise PipelineError(f"model.task.output: expected one of {list(answers['eager'])}, got {output!r}")
    return TaskReport(
        metric=contract.task.metric,
        rows=len(target),
        eager=eager,
        **scores,
        budget=budget,
        passed=all(score is not None and eager - score <= budget for score in scores.values()),
    )


def collect_metrics(report: ParityReport) -> dict[str, float | int | None]:
    """The few numbers that experiments are compared by, of the graph that is published."""
    nodes = onnx_model.count(onnx_model.load_graph(SIMPLIFIED, made_by="simplify"))["nodes"]
    size = sum(file.stat().st_size for file in onnx_model.files(SIMPLIFIED))
    task = report.task
    scores = {task.metric: task.simplify, f"{task.metric}_pytorch": task.eager} if task else {}
    parity = {"parity_max_abs": report.max_abs, "parity_used": report.used}
    return {**scores, **parity, "nodes": nodes, "bytes": size}


def format_table(comparisons: Sequence[Comparison]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, (*COLUMNS, "passed"), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(comparison.model_dump() for comparison in comparisons)
    return text.getvalue()


def run(params: Params) -> None:
    contract, calls = load_contract(), load_calls()
    check_proven(calls, {axis: proven.sizes for axis, proven in contract.axes.items()})
    test = load(checked(TEST_SPLIT, "prepare"), made_by="prepare")
    eager = load(checked(GOLDEN_TEST_SPLIT, "export"), made_by="export")
    if absent := [tensor.name for tensor in contract.inputs if tensor.name not in test]:
        raise PipelineError(
            f"{TEST_SPLIT}: expected the input {absent[0]!r} of {CONTRACT}, got {list(test)}: run `dvc repro`"
        )
    inputs = {tensor.name: test[tensor.name] for tensor in contract.inputs}
    aligned = inputs | {name: array for name, array in test.items() if name == "target"}
    Rows(aligned, contract.batched).check_aligned(str(TEST_SPLIT))
    test_call = GoldenCall(TEST, "rows", len(next(iter(inputs.values()))), {}, inputs, eager)

    comparisons: list[Comparison] = []
    answers: dict[str, Arrays] = {"eager": eager}
    for stage, path in GRAPHS.items():
        compared, answers[stage] = replay(
            stage, path, GoldenAnswers(contract, calls, test_call), make_policy(params.parity)
        )
        comparisons += compared
    task = score_task(contract, answers, test.get("target"), params.parity.task_budget)
    problem = explain_failure(comparisons, GRAPHS, task)
    # A failed comparison without a number (another shape, a NaN) has no tolerance that would pass.
    required = [entry.required_tolerance for entry in comparisons if entry.required_tolerance is not None]
    report = ParityReport(
        passed=not problem,
        gate=problem or "passed",
        model=contract.name,
        onnxruntime=onnxruntime.__version__,
        models={stage: onnx_model.fingerprint(path) for stage, path in GRAPHS.items()},
        contract_sha256=sha256(CONTRACT),
        values=sum(entry.values for entry in comparisons),
        max_abs=max((entry.max_abs for entry in comparisons if entry.max_abs is not None), default=None),
        required_tolerance=max(required, default=None),
        used=max((entry.used for entry in comparisons if entry.used is not None), default=None),
        task=task,
        comparisons=comparisons,
    )
    write_report(report)
    write_json(METRICS_REPORT, collect_metrics(report))
    write_text(PARITY_TABLE, format_table(comparisons))
    write_text(PARITY_PAGE, page.render_html(report))
    if problem:
        raise PipelineError(f"the parity gate failed: {problem} (all of it: {PARITY_REPORT}, {PARITY_PAGE})")
    print(f"validate: {format_summary(report)}")


def format_summary(report: ParityReport) -> str:
    """One line for a gate that has passed."""
    used = f", {report.used:.2%} of what is allowed" if report.used is not None else ""
    largest = f", largest difference {report.max_abs:.3g}" if report.max_abs is not None else ""
    task = report.task
    score = (
        f"; {task.metric} {task.eager:.4f} in PyTorch, {task.export:.4f} export, {task.simplify:.4f} simplify"
        if task
        else ""
    )
    return f"passed: {len(report.comparisons)} comparisons, {report.values:,} values{largest}{used}{score}"
