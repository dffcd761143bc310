"""validate: every graph against PyTorch's golden answers -> reports/parity.json; the gate that publishing waits for."""

import csv
import io
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

import onnxruntime

from pipeline.compare.policy import Stage, make_policy
from pipeline.core.arrays import Array, Arrays, load
from pipeline.core.contract import Contract, load_contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked, recorded_sha256, sha256, write_json, write_text
from pipeline.core.golden import GoldenCall, check_proven, load_calls
from pipeline.core.parity_report import TEST_CASE, Comparison, ParityReport, TaskReport
from pipeline.core.paths import (
    CONTRACT,
    DATA,
    EXPORTED,
    GOLDEN_TEST_SPLIT,
    METRICS_REPORT,
    PARITY_PAGE,
    PARITY_REPORT,
    PARITY_TABLE,
    SIMPLIFIED,
    SPLITS,
    TEST_SPLIT,
)
from pipeline.core.reports import ExportReport, SimplifyReport, read_report, write_report
from pipeline.core.rows import Rows
from pipeline.core.target_runtime import read_target
from pipeline.core.terminal import say
from pipeline.graph import onnx_model
from pipeline.graph.memory import return_large_blocks
from pipeline.metrics.breakdown import break_down
from pipeline.metrics.paired import pair, rounding
from pipeline.metrics.score import Score, score
from pipeline.parity.evidence import EvidenceCollector, GraphHistory, describe_answers
from pipeline.parity.gate import explain_failure
from pipeline.parity.headline import format_summary
from pipeline.parity.locate_process import locate
from pipeline.parity.mutant_runner import Thresholds
from pipeline.parity.origin import find_origin
from pipeline.parity.page.document import render_page
from pipeline.parity.page.lineage_section import LIBRARIES
from pipeline.parity.power import Effort, explain_weakness, format_power, measure_power
from pipeline.parity.replay import GoldenAnswers, replay
from pipeline.parity.target_replay import PublishedGraph, format_runtimes, replay_target
from pipeline.settings.params import Params, file_of

GRAPHS: dict[Stage, Path] = {"export": EXPORTED, "simplify": SIMPLIFIED}
# The one that is published.
PUBLISHED: Stage = "simplify"
# Name of the whole test split among the golden calls.
TEST = TEST_CASE
# Where a departure begins in a graph, so that a node of it can be found.
GRAPH_CAUSES = ("exporter", "simplifier", "optimizer")
COLUMNS = (
    "stage",
    "runtime",
    "variant",
    "case",
    "batch",
    "output",
    "max_abs",
    "mean_abs",
    "scale",
    "tolerance",
    "required_tolerance",
    "used",
)


def score_task(
    contract: Contract, answers: dict[str, Arrays], target: Array | None, budget: float
) -> TaskReport | None:
    """The task's metric for the eager network and each graph, on the whole test split; None when the model has no task.

    A graph passes when its metric is worse than the eager network's by `budget` at most, and the rounding of floating answers.

    Raises:
        PipelineError: The metric cannot be measured.
    """
    task = contract.task
    if task is None:
        return None
    eager = score(task, answers["eager"], target)
    scores: dict[str, Score] = {}
    problems: dict[str, str] = {}
    for stage in GRAPHS:
        try:
            scores[stage] = score(task, answers[stage], target)
        except PipelineError as error:  # its comparisons fail too, and the report says both
            problems[stage] = str(error)
    paired = {stage: pair(eager, graph) for stage, graph in scores.items()}
    slack = rounding(eager)
    return TaskReport(
        metric=task.metric,
        direction=task.direction,
        rows=len(eager),
        eager=eager.value,
        export=scores["export"].value if "export" in scores else None,
        simplify=scores["simplify"].value if "simplify" in scores else None,
        budget=budget,
        rounding=slack,
        paired=paired,
        problems=problems,
        passed=not problems and all(graph.loss <= budget + slack for graph in paired.values()),
    )


def collect_metrics(report: ParityReport) -> dict[str, float | int | list[str] | None]:
    """The few numbers that experiments are compared by, of the graph that is published.

    `lower_is_better` names the metric where that holds of it: a list, which `dvc metrics diff` does not show.
    """
    nodes = onnx_model.count(onnx_model.load_graph(SIMPLIFIED, made_by="simplify"))["nodes"]
    size = sum(file.stat().st_size for file in onnx_model.files(SIMPLIFIED))
    task = report.task
    scores = {task.metric: task.simplify} if task else {}
    lower = {"lower_is_better": [task.metric]} if task and task.direction == "lower" else {}
    power = {"power": report.power.score} if report.power else {}
    return {**scores, "parity_used": report.used, **power, "nodes": nodes, "bytes": size, **lower}


def format_table(comparisons: Sequence[Comparison]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, (*COLUMNS, "passed"), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(comparison.model_dump() for comparison in comparisons)
    return text.getvalue()


def read_history() -> GraphHistory:
    """How the graph came to be, as the stages before said it, and the libraries that are installed."""
    return GraphHistory(
        read_report(ExportReport),
        read_report(SimplifyReport),
        {name: version(name) for name in LIBRARIES},
        {split: recorded_sha256(DATA / f"{split}.npz", "prepare") for split in SPLITS},
    )


def read_golden(contract: Contract) -> tuple[GoldenAnswers, Array | None]:
    """What PyTorch answered, to the golden calls and to the test split; and the split's target, where there is one.

    Raises:
        PipelineError: A file is missing or was changed, or does not go with the contract.
    """
    calls = load_calls()
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
    return GoldenAnswers(contract, calls, test_call), test.get("target")


def fail(report: ParityReport, params: Params) -> NoReturn:
    """Say why the gate failed, and where it begins: in which graph, and, where one departs, at which of its nodes.

    Raises:
        PipelineError: Always.
    """
    origin = ""
    if report.attribution:
        origin = f"; {report.attribution.sentence}"
        if report.attribution.cause in GRAPH_CAUSES:
            located = locate(file_of(params))
            print("\n".join(located.lines), end="\n" if located.lines else "", file=sys.stderr)
            origin += f"; {located.problem}" if located.problem else ""
    raise PipelineError(f"the parity gate failed: {report.gate}{origin} (all of it: {PARITY_REPORT}, {PARITY_PAGE})")


def run(params: Params) -> None:
    return_large_blocks()
    contract, history = load_contract(), read_history()
    golden, target = read_golden(contract)
    names = [tensor.name for tensor in contract.outputs]
    policies = {stage: make_policy(params.parity, stage, contract.scales, names) for stage in GRAPHS}
    comparisons: list[Comparison] = []
    answers: dict[str, Arrays] = {"eager": golden.test_split.outputs}
    collectors: dict[str, EvidenceCollector] = {stage: EvidenceCollector(contract, policies[stage]) for stage in GRAPHS}
    for stage, path in GRAPHS.items():
        compared, answers[stage] = replay(stage, path, golden, policies[stage], collectors[stage])
        comparisons += compared
    published = PublishedGraph(
        PUBLISHED, GRAPHS[PUBLISHED], [entry for entry in comparisons if entry.stage == PUBLISHED]
    )
    in_target = replay_target(read_target(), published, golden, policies[PUBLISHED])
    comparisons += in_target.comparisons
    unoptimized, attribution = find_origin(comparisons, GRAPHS, golden, policies)
    task = score_task(contract, answers, target, params.parity.task_budget)
    problem = explain_failure(comparisons, GRAPHS, task)
    models: dict[str, str] = {stage: onnx_model.fingerprint(path) for stage, path in GRAPHS.items()}
    power = None
    if not problem:
        power = measure_power(
            GRAPHS[PUBLISHED],
            golden,
            answers[PUBLISHED],
            Thresholds(policies[PUBLISHED], params.parity.least_power),
            Effort(int(models[PUBLISHED], 16), params.parity.power_budget),
        )
        problem = explain_weakness(power)
    # A failed comparison without a number (another shape, a NaN) has no tolerance that would pass.
    required = [
        entry.required_tolerance for entry in comparisons if entry.required_tolerance is not None and not entry.exempt
    ]
    used = max((entry.used for entry in comparisons if entry.used is not None and not entry.exempt), default=None)
    failed = {entry.stage for entry in comparisons if not entry.passed}
    shown = next((stage for stage in GRAPHS if stage in failed), PUBLISHED)
    report = ParityReport(
        passed=not problem,
        gate=problem or "passed",
        model=contract.name,
        onnxruntime=onnxruntime.__version__,
        models=models,
        contract_sha256=sha256(CONTRACT),
        values=sum(entry.values for entry in comparisons),
        max_abs=max((entry.max_abs for entry in comparisons if entry.max_abs is not None), default=None),
        required_tolerance=max(required, default=None),
        used=used,
        margin=1 / used if used else None,
        unvarying=[name for name, scale in contract.scales.items() if not scale.varies],
        exempt=params.parity.exempt,
        task=task,
        comparisons=comparisons,
        power=power,
        runtimes=in_target.runtimes,
        unoptimized=unoptimized,
        attribution=attribution,
        evidence=describe_answers(collectors, shown, history),
        task_detail=break_down(contract.task, answers[PUBLISHED], target),
    )
    write_report(report)
    write_json(METRICS_REPORT, collect_metrics(report))
    write_text(PARITY_TABLE, format_table(comparisons))
    write_text(PARITY_PAGE, render_page(report, contract))
    if problem:
        fail(report, params)
    clauses = [format_summary(report), *format_runtimes(report.runtimes), *([format_power(power)] if power else [])]
    say("validate", "; ".join(clauses))
