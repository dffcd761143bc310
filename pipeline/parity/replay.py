"""A graph, run on every golden call and on the whole test split, against PyTorch's answers."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal, NamedTuple

from pipeline.compare.comparison import OutputComparison, compare, failure
from pipeline.compare.policy import Policy
from pipeline.core.arrays import Arrays
from pipeline.core.contract import Contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked
from pipeline.core.golden import GoldenCall
from pipeline.core.node_sources import read_sources
from pipeline.core.parity_report import CONTRACT_CASE, UNOPENED_CASE, Comparison
from pipeline.core.progress import track
from pipeline.core.rows import Rows
from pipeline.graph import onnx_model
from pipeline.graph.operators import read_requirements
from pipeline.graph.session import VERSION, answer, open_session
from pipeline.graph.signature import mismatches
from pipeline.parity.evidence import EvidenceCollector
from pipeline.runtimes.refusal import explain_refusal


class GoldenAnswers(NamedTuple):
    """What PyTorch answered: the contract, the golden calls, and the test split as one call, which may be run in parts."""

    contract: Contract
    calls: Sequence[GoldenCall]
    test_split: GoldenCall


def make_entry(
    stage: str, call: str, batch: int | None, comparison: OutputComparison, optimizer: Literal["all", "off"] = "all"
) -> Comparison:
    """One entry of parity.json's `comparisons`, or of `unoptimized`."""
    return Comparison(stage=stage, variant="fp32", case=call, batch=batch, optimizer=optimizer, **asdict(comparison))


def replay(
    stage: str, path: Path, golden: GoldenAnswers, tolerances: Policy, collector: EvidenceCollector | None = None
) -> tuple[list[Comparison], Arrays]:
    """Run one graph on every golden call and on the whole test split; `collector` looks at the answers.

    Returns:
        A comparison for each call and output, and the answers to the test split (empty when the graph cannot be run). One failed
        comparison alone where its signature or weights are not the contract's, or where onnxruntime refuses to open it.

    Raises:
        PipelineError: The graph is missing or damaged.
    """
    contract, test = golden.contract, golden.test_split
    model = onnx_model.load_graph(checked(path, stage), made_by=stage)
    problems = mismatches(model, contract)
    if onnx_model.metadata(model).get("weights_sha256") != contract.weights_sha256:
        problems.append(f"{path} holds other weights than the contract was made for: run `dvc repro`")
    if problems:
        return [make_entry(stage, CONTRACT_CASE, None, failure("(contract)", problem)) for problem in problems], {}
    try:
        session = open_session(path)
    except PipelineError as error:
        reason = explain_refusal(VERSION, str(error), read_requirements(model), read_sources())
        return [make_entry(stage, UNOPENED_CASE, None, failure("(run)", reason))], {}
    comparisons: list[Comparison] = []
    for call in track(golden.calls, "validate", f"golden calls of {stage}"):
        try:
            answered = answer(session, call.inputs)
            outputs = compare(call.outputs, answered, tolerances)
            if collector:
                collector.add(call, answered, contract.batched)
        except PipelineError as error:
            outputs = [failure("(run)", str(error))]
        comparisons += [make_entry(stage, call.name, call.rows or 1, output) for output in outputs]
    rows = Rows(test.inputs, contract.batched)
    answers: Arrays = {}
    try:
        answers = rows.gather(
            [answer(session, inputs) for inputs in track(rows.all(), "validate", f"the test split of {stage}")]
        )
        outputs = compare(test.outputs, answers, tolerances)
        if collector:
            collector.add(test, answers, rows=True)
    except PipelineError as error:
        outputs = [failure("(run)", str(error))]
    return [*comparisons, *(make_entry(stage, test.name, len(rows), output) for output in outputs)], answers
