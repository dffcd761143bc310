"""The exporters, tried one after the other until a graph keeps the contract and answers like the network. Imports torch."""

import functools
import gc
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import onnx
from onnx import ModelProto

from pipeline.compare.comparison import compare
from pipeline.compare.policy import COARSE, Policy
from pipeline.core.contract import Contract
from pipeline.core.errors import PipelineError
from pipeline.core.golden import GoldenCall
from pipeline.core.progress import LongWork
from pipeline.export import causes, encoder_graph, exporters, remedies, unsupported
from pipeline.export.assumptions import Assumption, ask_boundaries
from pipeline.export.exporters import EXPORTERS, ExportRequest
from pipeline.export.limits import Limit, find_limit
from pipeline.export.reference import Reference, answer_with_numbers, single_rows
from pipeline.export.size_sweep import answer_sweep, choose_sweep
from pipeline.graph import operator_versions, signature
from pipeline.graph.optimizers import explain_change, explain_unopened
from pipeline.graph.session import VERSION, Session, open_session
from pipeline.graph.session import answer as answer_onnx
from pipeline.network import encoders
from pipeline.network.encoders import encode, encoded_axes
from pipeline.settings.params import Export, Params
from pipeline.settings.target import choose_opset

# The graph while it is being proven, in a folder of its own.
PROVEN = "proven.onnx"
# Rows of the call that the exporters watch: of two or fewer a size is taken for a constant.
EXAMPLE_ROWS = 3


def choose_exporters(export: Export) -> list[str]:
    """The exporters to try, in order."""
    return list(EXPORTERS) if export.exporter == "auto" else [export.exporter]


class Mismatch(NamedTuple):
    """Where a graph does not answer like the network: the call, what is wrong there, and onnxruntime's optimizer where that does it."""

    call: GoldenCall
    problem: str
    optimizer: str = ""

    def __str__(self) -> str:
        return f"{self.problem} (call {self.call.name}){self.optimizer}"


@dataclass
class Attempt:
    """What came of one exporter: why its graph is not taken ("" where it is), the condition on sizes that shows there, and the
    network's lines whose result it froze.
    """

    reason: str = ""
    limit: Limit | None = None
    frozen: Sequence[str] = ()

    def __str__(self) -> str:
        limit = f"; {self.limit}" if self.limit else ""
        frozen = f"; it froze {' and '.join(self.frozen[:2])}" if self.frozen else ""
        return f"{self.reason}{limit}{frozen}" if self.reason else ""


def find_mismatch(file: Path, calls: Iterable[GoldenCall], policy: Policy) -> Mismatch | None:
    """The first call that the graph does not answer like the network.

    Raises:
        PipelineError: onnxruntime refuses the graph.
    """
    try:
        session = open_session(file)
    except PipelineError as error:
        raise PipelineError(f"{unsupported.explain(str(error), file)}{explain_unopened(file)}") from None
    for call in calls:
        try:
            comparisons = compare(call.outputs, answer_onnx(session, call.inputs), policy)
        except PipelineError as error:
            return Mismatch(call, str(error), explain_optimizer(file, call, policy))
        for comparison in comparisons:
            if not comparison.passed:
                # Without the tolerance that would pass: this one is no setting.
                return Mismatch(call, comparison.problem.partition(";")[0], explain_optimizer(file, call, policy))
    return None


def explain_optimizer(file: Path, call: GoldenCall, policy: Policy) -> str:
    """Behind a mismatch: that the graph is right where onnxruntime's optimizer is off; empty where it is not."""

    def is_right(session: Session) -> bool:
        return all(comparison.passed for comparison in compare(call.outputs, answer_onnx(session, call.inputs), policy))

    try:
        if not is_right(open_session(file, optimizer="off")):
            return ""
    except PipelineError:
        return ""
    culprit = explain_change(file, is_right)
    return f", and right with the optimizer of onnxruntime {VERSION} off{f': {culprit}' if culprit else ''}"


def export_network(
    reference: Reference, contract: Callable[[ModelProto], Contract], params: Params, folder: Path
) -> tuple[ModelProto, dict[str, Any]]:
    """Export with the first exporter whose graph keeps the contract and answers like the network.

    The graph is proven from a file in `folder`, which also takes weights that the graph does not hold. What an exporter takes for
    granted of sizes becomes calls on both sides of it, in reference.trial, that every graph must answer.

    Returns:
        The model, and for the report: the exporter, why others were not used, the graph's size before constant folding, and what
        was taken for granted.

    Raises:
        PipelineError: None of those that export.exporter allows does.
    """
    text_encoders = encoders.load_encoders()
    example, *_ = reference.rows.calls([place % len(reference.rows) for place in range(EXAMPLE_ROWS)])
    axes = encoded_axes(reference.model.dynamic_axes, text_encoders)
    opset = choose_opset(params.target, params.export.opset)
    request = ExportRequest(encode(example, text_encoders), reference.shapes["outputs"], axes, opset, folder)
    trial = reference.trial
    assumptions: list[Assumption] = []
    boundaries: dict[str, list[str]] = {}
    attempts: dict[str, Attempt] = {}
    for exporter in choose_exporters(params.export):
        adapter = reference.adapter()
        attempt = attempts[exporter] = Attempt()
        try:
            with LongWork("export", f"torch's {exporter} exporter at work"):
                exported = exporters.export(exporter, adapter, request)
            model, attempt.frozen = exported.model, exported.frozen
            assumptions += exported.assumptions
            boundaries |= ask_boundaries(exported.assumptions, trial, reference.calls)
            expected = contract(model)
            encoder_graph.prepend(model, text_encoders, {tensor.name: tensor.shape for tensor in expected.inputs})
            operator_versions.check_operators(model, "", unsupported.find_line)
            signature.name_axes(model, expected)
            if mismatches := signature.mismatches(model, expected, allow_open=True):
                attempt.reason = f"the exported graph is not what model.dynamic_axes asks for: {'; '.join(mismatches)}"
            else:
                single = single_rows(adapter, reference.rows) if exporter == "tracer" else []
                onnx.save(model, folder / PROVEN)
                # The session takes as much memory as the network.
                del adapter
                gc.collect()
                golden = [*reference.calls, *(call for call in trial.calls if call.purpose == "guard"), *single]
                policy = COARSE.with_scales(reference.scales)
                mismatch = find_mismatch(folder / PROVEN, itertools.chain(golden, sweep(reference)), policy)
                attempt.reason = str(mismatch or "")
                limit = find_limit(assumptions, mismatch.call.sizes, trial) if mismatch else None
                if limit and limit.settings:
                    calls = itertools.chain(golden, sweep(reference))
                    within = (call for call in calls if limit.allows(call.sizes))
                    if find_mismatch(folder / PROVEN, within, policy):
                        limit = limit._replace(settings={})
                attempt.limit = limit
        except PipelineError as error:
            attempt.reason = str(error)
        if not attempt.reason:
            signature.fix_axes(model, expected)  # the golden calls have confirmed these sizes
            return model, {
                "exporter": exporter,
                "attempts": {name: str(other) for name, other in attempts.items()},
                "before_folding": exported.before_folding,
                "assumptions": {**boundaries, **{line: [] for line in attempt.frozen}},
            }
    raise PipelineError(
        f"model.net._target_={params.model.net.target} cannot be exported: {explain_refusal(reference, attempts)}"
    )


def explain_refusal(reference: Reference, attempts: Mapping[str, Attempt]) -> str:
    """What to change where its cause was seen, then what each exporter said, or where its graph departs; each said once."""
    adapter, golden = reference.adapter(), {call.name: (call.inputs, call.outputs) for call in reference.calls}
    departs = any(re.match("output '", attempt.reason) for attempt in attempts.values())
    limits = [attempt.limit for attempt in attempts.values() if attempt.limit]
    limit = max(limits, key=lambda limit: bool(limit.settings), default=None)
    cause = (departs and causes.explain_departure(adapter, golden, reference.scales)) or str(limit or "")
    statements = [text for attempt in attempts.values() for text in (attempt.reason, *attempt.frozen[:2])]
    advice = cause or remedies.advise(statements, adapter.network)
    by_reason: dict[str, list[str]] = {}
    for exporter, attempt in attempts.items():
        # What was frozen beside a cause that is known says nothing more.
        reason = attempt.reason if cause else str(attempt)
        by_reason.setdefault(reason.removeprefix(f"torch's {exporter} exporter refuses the network: "), []).append(
            exporter
        )
    reasons = "; ".join(f"{' and '.join(names)}: {reason}" for reason, names in by_reason.items())
    return f"{advice}; {reasons}" if advice else reasons


def sweep(reference: Reference) -> Iterator[GoldenCall]:
    """One row at every size that is cheap to ask for, with the network's answers."""
    if chosen := choose_sweep(reference.trial):
        answer = functools.partial(answer_with_numbers, reference.adapter())
        yield from answer_sweep(answer, reference.trial, chosen)
