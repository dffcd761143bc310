"""Where the first wrong answer comes from: comparisons of every stage, with and without the optimizer -> one sentence. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from pipeline.core.contract import Contract
from pipeline.core.parity_report import (
    CONTRACT_CASE,
    TEST_CASE,
    UNOPENED_CASE,
    Attribution,
    Comparison,
    ParityReport,
)

# What is only rounding: so many units in the last place, or times what one rounding of weights and inputs moves the network's answer by.
UNITS, ROUNDINGS = 32, 4
# A share of an output's scale by which `export` lets no graph depart.
GROSS = 0.05
# What each stage's graph is made from; a variant is made from the simplified graph.
BEFORE = {"simplify": "export", "variant": "simplify"}
STAGES = ("export", "simplify", "variant")
# What a stage's graph owes to whom.
MAKERS: dict[str, Literal["exporter", "simplifier", "variant"]] = {
    "export": "exporter",
    "simplify": "simplifier",
    "variant": "variant",
}


class Graphs(NamedTuple):
    """What was compared: the file of each stage, the version of the installed onnxruntime, and by output what is only rounding.

    The latter is a share of the output's scale; without it everything that fails is a departure.
    """

    files: Mapping[Any, object]
    onnxruntime: str
    rounding: Mapping[str, float] = {}

    def name(self, entry: Comparison) -> str:
        """The graph that gave an answer, as in a sentence."""
        if entry.stage == "variant":
            return f"the variant {entry.variant!r}"
        return str(self.files.get(entry.stage, f"the graph of {entry.stage}"))


def attribute(
    comparisons: Sequence[Comparison],
    unoptimized: Sequence[Comparison],
    graphs: Graphs,
    find_culprit: Callable[[Comparison], str] = lambda entry: "",
) -> Attribution | None:
    """Where the graphs depart from PyTorch first; None where none does, or where what fails is no answer of a graph.

    That is a signature or weights that are not the contract's, a call without an expected answer, a test split of other rows than
    those that were answered, and a gate that fails for its metric or its power.

    Args:
        comparisons: All that judge, those of other runtimes too.
        unoptimized: The same with the optimizer off, as far as they were run.
        graphs: What was compared.
        find_culprit: Says which optimizer changes the answer of an entry, and how to leave it out; "" where it is not known.
    """
    installed = [entry for entry in comparisons if entry.runtime is None]
    # A stage is looked at before the one that takes its graph.
    for stage in STAGES:
        for variant in dict.fromkeys(entry.variant for entry in installed if entry.stage == stage):
            entries = [entry for entry in installed if (entry.stage, entry.variant) == (stage, variant)]
            if any(entry.case == CONTRACT_CASE for entry in entries):
                return None
            if departures := [entry for entry in entries if is_departure(entry, graphs.rounding)]:
                return _attribute_graph(departures, unoptimized, graphs, find_culprit)
    return _attribute_runtime(comparisons, unoptimized, graphs)


def is_departure(entry: Comparison, rounding: Mapping[str, float]) -> bool:
    """Whether a failed comparison is one of an answer: there was one to expect, the rows are those that were answered, and the
    difference is more than rounding, which settings may forbid.
    """
    if entry.passed or entry.case == CONTRACT_CASE or entry.output == "(none)":
        return False
    if entry.case == TEST_CASE and not entry.values and entry.output != "(run)":
        return False
    if entry.max_abs is None or not entry.scale:
        return True
    return entry.max_abs > rounding.get(entry.output, 0.0) * entry.scale


def rounding_of(contract: Contract) -> dict[str, float]:
    """By floating output, the share of its scale that is only rounding: no less than the tolerances that are set by default."""
    eps = {tensor.name: np.finfo(tensor.dtype).eps for tensor in contract.outputs if np.dtype(tensor.dtype).kind == "f"}
    return {
        name: max(UNITS * float(unit), ROUNDINGS * contract.scales[name].rounding)
        for name, unit in eps.items()
        if name in contract.scales
    }


def describe_unoptimized(comparisons: Sequence[Comparison], unoptimized: Sequence[Comparison]) -> str:
    """A remark on graphs that depart, or cannot run, only with the optimizer off; empty where there are none."""
    failed = [entry for entry in unoptimized if not entry.passed and _is_right(entry, comparisons)]
    remarks = []
    for stage in dict.fromkeys(entry.stage for entry in failed):
        entries = [entry for entry in failed if entry.stage == stage]
        if entries[0].case == UNOPENED_CASE:
            remarks.append(f"{stage} cannot be run ({entries[0].problem})")
        else:
            worst = max(entries, key=lambda entry: entry.used or 0.0)
            remarks.append(
                f"{stage} departs in {len(entries)} comparison{'s' * (len(entries) > 1)} ({worst.problem}, call {worst.case}), and is right with it "
                "on, as clients have it"
            )
    return f"without onnxruntime's optimizer: {'; '.join(remarks)}" if remarks else ""


def _is_right(entry: Comparison, comparisons: Sequence[Comparison]) -> bool:
    """Whether what an unoptimized entry compared is right with the optimizer on."""
    same = [
        other for other in comparisons if _graph(other) == _graph(entry) and entry.case in (other.case, UNOPENED_CASE)
    ]
    return bool(same) and all(
        other.passed for other in same if entry.case == UNOPENED_CASE or other.output == entry.output
    )


def _graph(entry: Comparison) -> tuple[str, str, str | None]:
    return entry.stage, entry.variant, entry.runtime


def _attribute_graph(
    departures: Sequence[Comparison],
    unoptimized: Sequence[Comparison],
    graphs: Graphs,
    find_culprit: Callable[[Comparison], str],
) -> Attribution:
    """The cause where a graph departs in the installed onnxruntime, and the one that it was made from does not."""
    first = departures[0]
    stage, graph = first.stage, graphs.name(first)
    plain = [entry for entry in unoptimized if _graph(entry) == _graph(first)]
    by_call = _departs_by_call(plain, graphs.rounding)
    # A graph that is not opened answers no call, and with the optimizer off it may answer all.
    unanswered = first.case == UNOPENED_CASE
    if unanswered and not by_call:
        return _attribute_refusal(stage, graph, bool(plain), graphs)
    called = set(by_call) if unanswered else {entry.case for entry in departures}
    if wrong := {case for case in called if by_call.get(case)}:
        origin = stage
        while origin in BEFORE and wrong & _wrong_calls(unoptimized, BEFORE[origin], graphs.rounding):
            origin = BEFORE[origin]
        if origin != stage:
            source = graphs.files.get(origin, origin)
            evidence = f"{source} departs too, where onnxruntime's optimizer is off; on, it hides that"
        elif origin in BEFORE:
            evidence = f"{graphs.files.get(BEFORE[origin], BEFORE[origin])} is right, and {graph} departs, with onnxruntime's optimizer off too"
        else:
            evidence = f"{graph} departs with onnxruntime's optimizer off too"
        doubt = _doubt(departures) if origin == "export" else ""
        return _cause(MAKERS[origin], f"{evidence}: {_WRITTEN[origin]}{doubt}")
    decided = [entry for entry in departures if unanswered or entry.case in by_call]
    if not decided:
        unopened = next((f" ({entry.problem})" for entry in plain if entry.case == UNOPENED_CASE), "")
        return _cause(
            MAKERS[stage],
            f"{graph} departs, and whether it does with onnxruntime's optimizer off is not known{unopened}: {MAKERS[stage]} and optimizer cannot be told apart",
        )
    culprit = find_culprit(decided[0])
    verb = "refused" if unanswered else "wrong"
    return _cause(
        "optimizer",
        f"{graph} is right with the optimizer of onnxruntime {graphs.onnxruntime} off, and {verb} with it on, as clients have it"
        f"{f': {culprit}' if culprit else ''}; compute that part of the network otherwise, or choose a `target` whose optimizer is right",
    )


def _attribute_refusal(stage: str, graph: str, tried: bool, graphs: Graphs) -> Attribution:
    """The cause where onnxruntime does not open a graph, with its optimizer off neither, where that was `tried`."""
    before = f"it opens {graphs.files.get(BEFORE[stage], BEFORE[stage])}, and " if stage in BEFORE else ""
    off = ", with its optimizer off too" if tried else ""
    doubt = "; `export` has opened it: or it was changed since (`dvc repro`)" if stage == "export" else ""
    return _cause(MAKERS[stage], f"{before}onnxruntime {graphs.onnxruntime} refuses {graph}{off}{doubt}")


_WRITTEN = {
    "export": "what the exporter wrote is not what the network computes",
    "simplify": "the simplifier changed what the graph computes",
    "variant": "what made it of the simplified graph changed what it computes",
}


def _doubt(departures: Sequence[Comparison]) -> str:
    """Why it may be no exporter's doing, but files that do not belong together: `export` has compared the golden calls too."""
    golden = [entry for entry in departures if entry.case != TEST_CASE]
    if not golden:
        return "; no golden call departs, only rows of the test split: or its rows are not those that PyTorch answered (`dvc repro`)"
    if any(entry.max_abs is None or not entry.scale or entry.max_abs > GROSS * entry.scale for entry in golden):
        return "; `export` would have refused that much: or the graph or the golden answers were changed since it ran (`dvc repro`)"
    return ""


def _wrong_calls(unoptimized: Sequence[Comparison], stage: str, rounding: Mapping[str, float]) -> set[str]:
    """The calls that the graph of a stage answers wrong with the optimizer off, in the installed onnxruntime."""
    entries = [entry for entry in unoptimized if entry.stage == stage and entry.runtime is None]
    return {case for case, departs in _departs_by_call(entries, rounding).items() if departs}


def _departs_by_call(entries: Iterable[Comparison], rounding: Mapping[str, float]) -> dict[str, bool]:
    """By call that was run, whether an answer to it departs."""
    departs: dict[str, bool] = {}
    for entry in entries:
        if entry.case != UNOPENED_CASE:
            departs[entry.case] = departs.get(entry.case, False) or is_departure(entry, rounding)
    return departs


def _attribute_runtime(
    comparisons: Sequence[Comparison], unoptimized: Sequence[Comparison], graphs: Graphs
) -> Attribution | None:
    """The cause where the graphs are right in the installed onnxruntime, and one is wrong in another."""
    wrong = [entry for entry in comparisons if entry.runtime is not None and is_departure(entry, graphs.rounding)]
    if not wrong:
        return None
    versions = list(dict.fromkeys(entry.runtime for entry in wrong))
    first = wrong[0]
    plain = _departs_by_call((entry for entry in unoptimized if _graph(entry) == _graph(first)), graphs.rounding)
    optimizer = ", whose optimizer does it: with it off it is right there too" if plain.get(first.case) is False else ""
    verb = "cannot run" if first.output == "(run)" else "answers wrong"
    return _cause(
        "runtime",
        f"{graphs.name(first)} is right in onnxruntime {graphs.onnxruntime}, and {verb} in {' and '.join(map(str, versions))}{optimizer}: "
        f"choose a later `target` (`python -m pipeline compat` lists them), or compute that part of the network otherwise",
    )


def attribute_dotnet(
    comparisons: Sequence[Comparison], onnxruntime: str, parity: ParityReport | None, right_in: Sequence[str] = ()
) -> Attribution | None:
    """Whether the client or the onnxruntime under it is wrong, where the package departs in .NET.

    Args:
        comparisons: Those of .NET, in one version of onnxruntime.
        onnxruntime: That version.
        parity: What Python proved of the same graph; None where that is not known.
        right_in: Other versions in which the same package is right in .NET.
    """
    wrong = [entry for entry in comparisons if not entry.passed]
    if not wrong or parity is None or not parity.proven:
        return None
    proven = [parity.onnxruntime, *(replay.onnxruntime for replay in parity.runtimes if replay.passed)]
    ways = list(dict.fromkeys(entry.way for entry in comparisons if entry.way))
    bad = list(dict.fromkeys(entry.way for entry in wrong if entry.way))
    good = [way for way in ways if way not in bad]
    graph = "the graph in the package passed `validate`"
    if right_in:
        return _cause(
            "runtime", f"the same client is right on onnxruntime {_join(right_in)}, and wrong on {onnxruntime}"
        )
    if not good and onnxruntime not in proven:
        series = ".".join(onnxruntime.split(".")[:2])
        return _cause(
            "dotnet",
            f"{graph} in onnxruntime {_join(proven)}, .NET ran {onnxruntime}, and every way of the client departs: runtime and client cannot be "
            f"told apart until `python -m pipeline compat --install {series}`, `python -m pipeline params target=onnxruntime-{series} ...` and "
            "`dvc repro` have shown that version in Python",
        )
    which = f"its ways in {_join(bad)} depart, {_join(good)} do not" if good else "all its ways in depart alike"
    same = f"in onnxruntime {onnxruntime} too" if onnxruntime in proven else f"in onnxruntime {_join(proven)}"
    return _cause("dotnet", f"{graph} {same}: it is the C# client; {which}")


def _join(names: Iterable[str]) -> str:
    return " and ".join(names)


_PLACES = {
    "exporter": "the exporter",
    "simplifier": "the simplifier",
    "optimizer": "onnxruntime's optimizer",
    "variant": "the variant",
    "runtime": "another onnxruntime",
    "dotnet": ".NET",
}


def _cause(
    cause: Literal["exporter", "simplifier", "optimizer", "variant", "runtime", "dotnet"], sentence: str
) -> Attribution:
    return Attribution(cause=cause, sentence=f"it begins in {_PLACES[cause]}: {sentence}")
