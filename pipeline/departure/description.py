"""What `locate` found, as a record and in five lines. Pure, but for the fingerprints of what was looked at."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from pipeline.compare.comparison import OutputComparison, severity
from pipeline.core.departure import DepartingNode, Departure
from pipeline.core.files import sha256
from pipeline.core.paths import CONTRACT, DEPARTURE
from pipeline.departure.search import Search
from pipeline.departure.subject import RefusedCall
from pipeline.departure.whole_graph import UNOPENED
from pipeline.graph import onnx_model
from pipeline.graph.optimizers import explain_unopened
from pipeline.graph.session import VERSION


class Answers(NamedTuple):
    """The graph's answers beside PyTorch's, with onnxruntime's optimizer and without."""

    all: Sequence[OutputComparison]
    off: Sequence[OutputComparison]

    def right(self, optimizer: Literal["all", "off"]) -> bool:
        return all(comparison.passed for comparison in (self.all if optimizer == "all" else self.off))

    def refusal(self, optimizer: Literal["all", "off"]) -> str:
        """What onnxruntime says where it does not open the graph; else empty."""
        entries = self.all if optimizer == "all" else self.off
        return next((entry.problem for entry in entries if entry.output == UNOPENED), "")

    @property
    def worst(self) -> OutputComparison:
        """The answer that departs most; of those that do not, the one that comes closest to it."""
        return max(
            [*self.all, *self.off], key=lambda entry: (*severity(entry)[:1], entry.used or 0.0, *severity(entry)[1:])
        )


class Findings(NamedTuple):
    """What a search came to; `values` are those that the nodes of the graph make."""

    cause: Literal["node", "optimizer", "accumulated", "unopened", "none"]
    candidates: list[DepartingNode]
    search: Search
    values: int


def describe(subject: RefusedCall, answers: Answers, findings: Findings) -> Departure:
    """The record, with its lines."""
    departure = Departure(
        departs=findings.cause != "none",
        cause=findings.cause,
        stage=subject.stage,
        call=subject.call.name,
        output=answers.worst.output,
        unoptimized=None if answers.refusal("off") else answers.right("off"),
        candidates=findings.candidates,
        values=findings.values,
        matched=len(findings.search.matches),
        model_sha256=onnx_model.fingerprint(subject.path),
        contract_sha256=sha256(CONTRACT),
        onnxruntime=VERSION,
    )
    return departure.model_copy(update={"lines": format_lines(departure, subject, answers)})


def format_lines(departure: Departure, subject: RefusedCall, answers: Answers) -> list[str]:
    """One line where nothing departs, five where something does."""
    worst = answers.worst
    where = f"{subject.path}, call {departure.call}"
    if not departure.departs:
        used = f"{worst.used:.2%}" if worst.used is not None else "nothing"
        return [
            f"nothing departs: {where}, which comes closest: output {worst.output!r} uses {used} of what is allowed, with onnxruntime's optimizer and "
            "without"
        ]
    if answers.refusal("off") or (departure.unoptimized and answers.refusal("all")):
        return _format_refusal(departure, subject, answers)
    answer = f"{where}: {worst.problem.partition(';')[0]}"
    verdict = (
        "with onnxruntime's optimizer off the answers are right: the optimizer is the cause"
        if departure.unoptimized
        else "with onnxruntime's optimizer off the answers are wrong too"
    )
    files = f"{DEPARTURE}/: the smallest graph that shows it (departing.onnx), inputs.npz, expected.npz (PyTorch's), run.py, departure.json"
    if not departure.candidates:
        return ["no value of the graph can be compared with PyTorch's own", answer, verdict, files]
    first = departure.candidates[0]
    return [_name(departure, first), _place(first), _errors(first), f"{verdict} ({answer})", files]


def _format_refusal(departure: Departure, subject: RefusedCall, answers: Answers) -> list[str]:
    """A graph that cannot be opened has no values; what onnxruntime names is all that is known."""
    first = next(iter(departure.candidates), None)
    node = f"at {first.operator} {first.node!r} (value {first.value!r})" if first else "; it names no node"
    return [
        f"onnxruntime does not open {subject.path}{' ' if first else ''}{node}",
        _place(first) if first else "so it is not known from which module of the network it comes",
        answers.refusal("all"),
        "with onnxruntime's optimizer off it is refused too"
        if answers.refusal("off")
        else f"with onnxruntime's optimizer off the answers are right: the optimizer is the cause{explain_unopened(subject.path)}",
        f"{DEPARTURE}/: departure.json; a graph that is not opened has no values to compare",
    ]


def _name(departure: Departure, first: DepartingNode) -> str:
    node = f"{first.operator} {first.node!r}"
    among = f", the first suspect of {len(first.nodes)} nodes ({', '.join(first.nodes[:4])}{', ...' if len(first.nodes) > 4 else ''})"
    segment = f"{node} (value {first.value!r}{among if len(first.nodes) > 1 else ''})"
    if departure.cause == "accumulated":
        return f"no node departs by itself: rounding adds up; the largest share of it has {segment}"
    others = f"; {len(departure.candidates) - 1} more depart behind it" if len(departure.candidates) > 1 else ""
    return f"the graph departs at {segment}{others}"


def _place(first: DepartingNode) -> str:
    if first.source is None:
        return "it comes from no module of the network that the exporter has noted"
    operator = f", {first.source.operator}" if first.source.operator else ""
    near = "" if first.source_of == first.value else f" (by the nearest value that has a source, {first.source_of!r})"
    return f"it comes from {first.source}{operator}{near}"


def _errors(first: DepartingNode) -> str:
    if first.local is None:
        return f"fed PyTorch's own values: {first.problem}; before it {_times(first.before)}"
    scale = f" ({first.local_abs:.3g}, where values are of size {first.scale:.3g})" if first.scale is not None else ""
    return (
        f"error in units of what is allowed: {_times(first.before)} before it; after it {_times(first.local)} by itself{scale}, "
        f"{_times(first.cumulative)} from the graph's own inputs"
    )


def _times(value: float | None) -> str:
    return "not known" if value is None else f"{value:.3g}"
