"""What `locate` looks at: the graph and the golden call that depart, by reports/parity.json. Imports no torch."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from pipeline.core.arrays import load
from pipeline.core.contract import Contract, load_contract
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked, sha256
from pipeline.core.golden import GoldenCall, load_calls
from pipeline.core.parity_report import UNOPENED_CASE, Comparison, ParityReport
from pipeline.core.paths import CONTRACT, EXPORTED, GOLDEN_TEST_SPLIT, PARITY_REPORT, SIMPLIFIED, TEST_SPLIT
from pipeline.core.reports import read_report
from pipeline.core.rows import Rows
from pipeline.graph import onnx_model

Graph = Literal["export", "simplify"]
GRAPHS: dict[Graph, Path] = {"export": EXPORTED, "simplify": SIMPLIFIED}
# The graph that is published.
PUBLISHED: Graph = "simplify"
# What a report calls the whole test split.
TEST = "test"
# A call shows a departure as well as the worst one does, when it departs by so much of it.
AS_BAD = 0.1


class RefusedCall(NamedTuple):
    """A graph, and a golden call with PyTorch's answers; `output` is the answer that the report has as the worst."""

    stage: Graph
    path: Path
    call: GoldenCall
    output: str
    contract: Contract


def choose_subject(stage: Graph | None = None, call: str | None = None) -> RefusedCall:
    """The first graph that the gate refused, at the smallest call that shows it well; without a refusal the one that comes closest.

    Args:
        stage: Look at this graph, whatever the gate says.
        call: Look at this golden call.

    Raises:
        PipelineError: A file is missing, or is from another build; there is no such call; the graph's signature is wrong, so that no
            value can be compared.
    """
    contract, calls = load_contract(), load_calls()
    report = read_report(ParityReport)
    for graph, path in GRAPHS.items():
        _check_build(report, graph, checked(path, graph))
    entries = [entry for entry in report.comparisons if entry.runtime is None and not entry.exempt]
    entries = [entry for entry in entries if call is None or entry.case == call]
    if not entries:
        names = ", ".join(dict.fromkeys(entry.case for entry in report.comparisons))
        raise PipelineError(f"--call: expected a golden call of {PARITY_REPORT}, got {call!r}: give one of {names}")
    refused: list[Graph] = [graph for graph in GRAPHS if _failed(entries, graph)]
    chosen: Graph = stage or (refused or [PUBLISHED])[0]
    failed = _failed(entries, chosen)
    signature = [entry for entry in failed if entry.case == "contract"]
    if signature:
        raise PipelineError(
            f"{GRAPHS[chosen]}: no value can be compared, since the graph is not what the contract says: {signature[0].problem}"
        )
    inputs = {golden.name: sum(array.size for array in golden.inputs.values()) for golden in calls}
    right = [entry for entry in entries if entry.stage == chosen]
    # Of the test split the report names a row only where one departs.
    of_graph = failed or [entry for entry in right if entry.case in inputs] or right
    worst = max(_badness(entry) for entry in of_graph)
    telling = [entry for entry in of_graph if _badness(entry) >= AS_BAD * worst] if failed else of_graph
    # Without a refusal, the call that uses most; of those that depart, the smallest.
    entry = min(telling, key=lambda entry: inputs.get(entry.case, math.inf)) if failed else max(telling, key=_badness)
    # A graph that was not opened has answered no call: any shows it.
    case = calls[0].name if entry.case == UNOPENED_CASE else entry.case
    golden = next((golden for golden in calls if golden.name == case), None)
    return RefusedCall(chosen, GRAPHS[chosen], golden or _row_of_test_split(contract, entry), entry.output, contract)


def _check_build(report: ParityReport, graph: Graph, path: Path) -> None:
    if report.contract_sha256 != sha256(CONTRACT) or report.models.get(graph) != onnx_model.fingerprint(path):
        raise PipelineError(
            f"{PARITY_REPORT} is of another build than {path} and {CONTRACT}: run `python -m pipeline validate` first"
        )


def _failed(entries: Sequence[Comparison], graph: Graph) -> list[Comparison]:
    return [entry for entry in entries if entry.stage == graph and not entry.passed]


def _badness(entry: Comparison) -> float:
    if entry.used is not None and entry.max_abs is not None:
        return entry.used
    return 0.0 if entry.passed else math.inf


def _row_of_test_split(contract: Contract, entry: Comparison) -> GoldenCall:
    """The row of the test split that the report names, as a call of its own."""
    test = load(checked(TEST_SPLIT, "prepare"), made_by="prepare")
    answers = load(checked(GOLDEN_TEST_SPLIT, "export"), made_by="export")
    row = re.search(r"row (\d+)", entry.problem)
    number = int(row[1]) if row else 0
    arrays = {tensor.name: test[tensor.name] for tensor in contract.inputs}
    (inputs,) = Rows(arrays, contract.batched).calls([number])
    (outputs,) = Rows(answers, contract.batched).calls([number])
    return GoldenCall(f"{TEST}, row {number}", "rows", 1 if contract.batched else None, {}, inputs, outputs)
