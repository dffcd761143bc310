"""validate: every graph against PyTorch's golden answers -> reports/parity.json; the gate that publishing waits for."""

import csv
import io
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from pipeline.compare.comparison import Policy, Verdict, compare, failure, policy, round_up
from pipeline.compare.metrics import accuracy
from pipeline.core import contract as contracts
from pipeline.core.arrays import Arrays, load
from pipeline.core.contract import GOLDEN_INPUTS, GOLDEN_OUTPUTS, GOLDEN_TEST, Contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import sha256, write_json, write_text
from pipeline.core.rows import Rows
from pipeline.graph import onnx_model
from pipeline.graph.session import answer, open_session
from pipeline.parity import page
from pipeline.settings.params import Params

TEST_DATA = Path("build/data/test.npz")
REPORT = Path("reports/parity.json")
METRICS = Path("reports/metrics.json")
TABLE = Path("reports/plots/parity.csv")
PAGE = Path("reports/parity.html")
GRAPHS = {"export": onnx_model.EXPORTED, "simplify": onnx_model.SIMPLIFIED}
TEST_SPLIT = "test"

Comparison = dict[str, Any]


def row(stage: str, case: str, batch: int | None, verdict: Verdict) -> Comparison:
    """One entry of parity.json's `comparisons`."""
    return {"stage": stage, "variant": "fp32", "case": case, "batch": batch, **asdict(verdict)}


def contract_row(stage: str, problem: str) -> Comparison:
    """A graph that departs from the contract before it has run."""
    return row(stage, "contract", None, failure("(contract)", problem))


def judge(
    stage: str, path: Path, contract: Contract, golden: dict[str, tuple[Arrays, Arrays]], tolerances: Policy
) -> tuple[list[Comparison], Arrays]:
    """Run one graph on every golden case.

    Returns:
        A comparison for each case and output, and the answers to the test split (empty when the graph cannot be run).
    """
    model = onnx_model.load(path, made_by=stage)
    said = onnx_model.departures(model, contract)
    if onnx_model.metadata(model).get("weights_sha256") != contract.weights_sha256:
        said.append(f"{path} holds other weights than the contract was made for: run `dvc repro`")
    if said:
        return [contract_row(stage, problem) for problem in said], {}
    session = open_session(path)
    comparisons: list[Comparison] = []
    got: Arrays = {}
    for case, (inputs, expected) in golden.items():
        rows = Rows(inputs, contract.batched)
        batch = len(rows) if contract.batched or case == TEST_SPLIT else 1
        try:
            got = (
                rows.gather([answer(session, call) for call in rows.all()])
                if case == TEST_SPLIT
                else answer(session, inputs)
            )
        except PipelineError as error:
            comparisons.append(row(stage, case, batch, failure("(run)", str(error))))
            got = {}
            continue
        comparisons += [row(stage, case, batch, verdict) for verdict in compare(expected, got, tolerances)]
    return comparisons, got


def judge_task(
    contract: Contract, answers: dict[str, Arrays], target: np.ndarray[Any, Any] | None, budget: float
) -> dict[str, Any] | None:
    """The task's metric for the eager model and each graph, on the whole test split; None when the model has no task."""
    if contract.task is None or target is None:
        return None
    scores = {
        who: accuracy(outputs[contract.task.output], target)
        for who, outputs in answers.items()
        if contract.task.output in outputs
    }
    lost = {who: scores["eager"] - score for who, score in scores.items() if who != "eager"}
    complete = len(scores) == len(answers)
    return {
        "metric": contract.task.metric,
        "rows": len(target),
        **scores,
        "budget": budget,
        "passed": complete and all(loss <= budget for loss in lost.values()),
    }


def verdict(comparisons: list[Comparison], task: dict[str, Any] | None) -> str:
    """Why the gate fails, naming the worst; empty when it passes. Nothing compared is a failure."""
    failed = [entry for entry in comparisons if not entry["passed"]]
    if failed:
        worst = max(
            failed, key=lambda entry: entry["required_tolerance"] if entry["required_tolerance"] is not None else np.inf
        )
        batch = f" (case {worst['case']}, batch {worst['batch']})" if worst["batch"] is not None else ""
        numbers = [entry["required_tolerance"] for entry in failed]
        advice = (
            f"; parity.atol={round_up(max(numbers)):g} would pass all"
            if len(failed) > 1 and None not in numbers and max(numbers) > 0
            else ""
        )
        return f"{len(failed)} of {len(comparisons)} comparisons failed; {GRAPHS[worst['stage']]}: {worst['problem']}{batch}{advice}"
    if not comparisons or not sum(entry["values"] for entry in comparisons):
        return "nothing was compared: there are no golden answers; make them again with `python -m pipeline export`"
    if task and not task["passed"]:
        return (
            f"the {task['metric']} on {task['rows']} test rows falls by more than parity.task_budget={task['budget']:g}: "
            f"{ {key: value for key, value in task.items() if key in ('eager', *GRAPHS)} }"
        )
    return ""


def summary(report: dict[str, Any]) -> dict[str, Any]:
    """What `dvc exp show` puts side by side: few numbers, of the graph that is published."""
    size = onnx_model.count(onnx_model.load(onnx_model.SIMPLIFIED, made_by="simplify"))
    task = report["task"]
    scores = {task["metric"]: task.get("simplify"), f"{task['metric']}_pytorch": task["eager"]} if task else {}
    parity = {"parity_max_abs": report["max_abs"], "parity_used": report["used"]}
    return {**scores, **parity, "nodes": size["nodes"], "bytes": size["bytes"]}


def table(comparisons: list[Comparison]) -> str:
    columns = (
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
        "passed",
    )
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(comparisons)
    return text.getvalue()


def run(params: Params) -> None:
    contract = contracts.load()
    contracts.check_golden(contract)
    questions = contracts.cases(load(GOLDEN_INPUTS, made_by="export"))
    answers = contracts.cases(load(GOLDEN_OUTPUTS, made_by="export"))
    test = load(TEST_DATA, made_by="prepare")
    eager = load(GOLDEN_TEST, made_by="export")
    if absent := [tensor.name for tensor in contract.inputs if tensor.name not in test]:
        raise PipelineError(
            f"{TEST_DATA}: expected the input {absent[0]!r} of {contracts.CONTRACT}, got {list(test)}: run `dvc repro`"
        )
    golden = {case: (inputs, answers.get(case, {})) for case, inputs in questions.items()}
    golden[TEST_SPLIT] = ({tensor.name: test[tensor.name] for tensor in contract.inputs}, eager)

    comparisons: list[Comparison] = []
    by_graph: dict[str, Arrays] = {"eager": eager}
    for stage, path in GRAPHS.items():
        found, by_graph[stage] = judge(stage, path, contract, golden, policy(params.parity))
        comparisons += found
    task = judge_task(contract, by_graph, test.get("target"), params.parity.task_budget)
    problem = verdict(comparisons, task)
    # A failed comparison without a number (another shape, a NaN) has no tolerance that would pass.
    needed = [entry["required_tolerance"] for entry in comparisons if entry["required_tolerance"] is not None]
    report = {
        "passed": not problem,
        "gate": problem or "passed",
        "model": contract.name,
        "onnxruntime": onnxruntime.__version__,
        "models": {stage: onnx_model.fingerprint(path) for stage, path in GRAPHS.items()},
        "contract_sha256": sha256(contracts.CONTRACT),
        "values": sum(entry["values"] for entry in comparisons),
        "max_abs": max((entry["max_abs"] for entry in comparisons if entry["max_abs"] is not None), default=None),
        "required_tolerance": max(needed, default=None),
        "used": max((entry["used"] for entry in comparisons if entry["used"] is not None), default=None),
        "task": task,
        "comparisons": comparisons,
    }
    write_json(REPORT, report)
    write_json(METRICS, summary(report))
    write_text(TABLE, table(comparisons))
    write_text(PAGE, page.html(report))
    if problem:
        raise PipelineError(f"the parity gate failed: {problem} (all of it: {REPORT}, {PAGE})")
    used = f", {report['used']:.2%} of what is allowed" if report["used"] is not None else ""
    told = (
        f"; {task['metric']} {task['eager']:.4f} in PyTorch, " + ", ".join(f"{task[s]:.4f} {s}" for s in GRAPHS)
        if task
        else ""
    )
    print(
        f"validate: passed: {len(comparisons)} comparisons, {report['values']:,} values, largest difference "
        f"{report['max_abs']:.3g}{used}{told}"
    )
