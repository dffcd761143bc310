"""What answers look like beside PyTorch's, gathered while the graphs are replayed: parity.json's `evidence`, which pages draw."""

from collections.abc import Mapping
from typing import NamedTuple

from pipeline.compare.comparison import share_of_allowed
from pipeline.compare.policy import Policy
from pipeline.core.answer_evidence import AnswerEvidence, GraphCount, OutputEvidence
from pipeline.core.arrays import Array, is_text
from pipeline.core.contract import Contract
from pipeline.core.golden import GoldenCall
from pipeline.core.reports import ExportReport, GraphSize, SimplifyReport
from pipeline.parity.row_views import Answer
from pipeline.parity.value_sample import ValueSample
from pipeline.parity.worst_rows import RowKeeper

# Outputs that are drawn: the worst.
DRAWN = 12


class EvidenceCollector:
    """Looks at one graph's answers to one call after the other.

    Args:
        contract: The model's.
        policy: What is allowed.
    """

    def __init__(self, contract: Contract, policy: Policy) -> None:
        self._policy = policy
        self.samples: dict[str, ValueSample] = {}
        judged = frozenset(tensor.name for tensor in contract.outputs if tensor.name not in policy.exempt)
        self.rows = RowKeeper(contract, judged)

    def add(self, call: GoldenCall, got: Mapping[str, Array], rows: bool) -> None:
        """Look at the answers to one call; one of another type or shape is passed over, since its comparison says so.

        Args:
            call: What was asked, and PyTorch's answers.
            got: The graph's.
            rows: Whether the first axis of every array is the row; otherwise the call is one row.
        """
        answers: dict[str, Answer] = {}
        for name, expected in call.outputs.items():
            if name not in got or not _comparable(expected, got[name]):
                continue
            shares = share_of_allowed(name, expected, got[name], self._policy)
            answers[name] = Answer(expected, got[name], shares)
            if shares is not None:
                self.samples.setdefault(name, ValueSample()).add(expected, got[name], shares)
        if answers:
            self.rows.add(call, answers, rows)


class GraphHistory(NamedTuple):
    """What the stages before said of the graph and of where it comes from."""

    export: ExportReport
    simplify: SimplifyReport
    versions: Mapping[str, str]
    data_sha256: Mapping[str, str]


def describe_answers(collectors: Mapping[str, EvidenceCollector], stage: str, history: GraphHistory) -> AnswerEvidence:
    """The evidence of all graphs.

    Args:
        collectors: By graph.
        stage: The graph whose sample and rows are shown.
        history: How the graph came to be.
    """
    shown = collectors[stage]
    worst = sorted(shown.samples, key=lambda name: -shown.samples[name].largest)[:DRAWN]
    outputs = {}
    for name in (name for name in shown.samples if name in worst):
        expected, got, used = shown.samples[name].points()
        histograms = {
            graph: collector.samples[name].histogram()
            for graph, collector in collectors.items()
            if name in collector.samples
        }
        outputs[name] = OutputEvidence(histograms=histograms, expected=expected, got=got, used=used)
    return AnswerEvidence(
        stage=stage,
        outputs=outputs,
        rows=shown.rows.rows(),
        graphs={
            "traced": _count(history.export.before_folding),
            "export": _count(history.export.graph),
            "simplify": _count(history.simplify.after),
        },
        versions=dict(history.versions),
        data_sha256=dict(history.data_sha256),
    )


def _comparable(expected: Array, got: Array) -> bool:
    if expected.shape != got.shape or not expected.size or is_text(expected) != is_text(got):
        return False
    return is_text(expected) or expected.dtype == got.dtype


def _count(size: GraphSize) -> GraphCount:
    return GraphCount(nodes=size.nodes, ops=size.ops, initializers=size.initializers, bytes=size.bytes)
