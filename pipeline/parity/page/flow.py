"""The road from PyTorch to .NET as a small drawing: a step a stage, with its mark, and the optimizer on and off."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from textwrap import shorten
from typing import NamedTuple

from pipeline.core.contract import Contract
from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.parity_report import Comparison, ParityReport
from pipeline.parity.page.dotnet_section import ASKED
from pipeline.parity.page.markup import Markup, mark, plural, section, share, tag

STAGES = ("export", "simplify")
# Characters of a reason: the .NET section has all of it.
LONGEST = 64
_WORDS = {"ok": "passed", "bad": "failed", "none": "not run"}


class Step(NamedTuple):
    """One step: ok, bad or none, its name, and lines that say more."""

    kind: str
    name: str
    notes: Sequence[str]


def render_flow(parity: ParityReport, contract: Contract, dotnet: DotnetReport | None) -> Markup:
    steps = list(find_steps(parity, contract, dotnet))
    # Steps of the same name stand beside each other: one does not lead to the next.
    leads = [step.name != after.name for step, after in pairwise(steps)] + [False]
    drawn = [
        tag(
            "li",
            mark(step.kind, _WORDS[step.kind]),
            tag("strong", step.name),
            *(tag("small", note) for note in step.notes if note),
            class_=f"{step.kind} leads" if led else step.kind,
        )
        for step, led in zip(steps, leads, strict=True)
    ]
    return section("flow", "From PyTorch to .NET", tag("ol", *drawn, class_="flow"))


def find_steps(parity: ParityReport, contract: Contract, dotnet: DotnetReport | None) -> Iterator[Step]:
    own = [entry for entry in parity.comparisons if entry.runtime is None and entry.optimizer == "all"]
    calls = len({entry.case for entry in own})
    yield Step("ok", "PyTorch", ["the eager network", f"{plural(calls, 'call')} answered once"])
    graphs = list(dict.fromkeys([*((stage, "fp32") for stage in STAGES), *((one.stage, one.variant) for one in own)]))
    for stage, variant in graphs:
        compared = [one for one in own if (one.stage, one.variant) == (stage, variant)]
        name = stage if variant == "fp32" else f"{stage} ({variant})"
        unoptimized = [one for one in parity.unoptimized if (one.stage, one.variant) == (stage, variant)]
        notes = [_count(compared), _worst(compared), *_optimizer(unoptimized)]
        yield Step(_kind(compared), name, notes)
    for replay in parity.runtimes:
        ran = replay.problem or plural(replay.comparisons, "comparison")
        notes = [f"onnxruntime {replay.onnxruntime}", f"Python {replay.python}", ran, _of_tolerance(replay.used)]
        yield Step("ok" if replay.passed else "bad", "runtime", notes)
    yield from _dotnet_steps(parity, dotnet)


def _dotnet_steps(parity: ParityReport, dotnet: DotnetReport | None) -> Iterator[Step]:
    """A step for each version that the package was asked to run with."""
    if dotnet is None:
        note = "not yet: verify runs later" if parity.passed else "not run: the gate failed"
        yield Step("none", ".NET", [note])
        return
    for one in dotnet.runtimes:
        ran = bool(one.comparisons) or one.verified
        compared = plural(one.comparisons, "comparison") if ran else ""
        version = ASKED.get(one.asked, f"onnxruntime {one.asked}")
        notes = [f"onnxruntime {one.onnxruntime}" if one.onnxruntime else version, compared, _shorten(one.reason)]
        yield Step("ok" if one.verified else "bad" if ran else "none", ".NET", notes)
    if not dotnet.runtimes:
        ran = bool(dotnet.comparisons)
        version = f"onnxruntime {dotnet.onnxruntime}" if dotnet.onnxruntime else ""
        note = _count(dotnet.comparisons) if ran else f"not run: {_shorten(dotnet.reason)}"
        yield Step("ok" if dotnet.verified else "bad" if ran else "none", ".NET", [version, note])


def _shorten(reason: str) -> str:
    return shorten(reason, LONGEST, placeholder=" …")


def _kind(compared: Sequence[Comparison]) -> str:
    if not compared:
        return "none"
    return "ok" if all(entry.passed for entry in compared) else "bad"


def _count(compared: Sequence[Comparison]) -> str:
    passed = sum(entry.passed for entry in compared)
    return f"{passed:,} of {len(compared):,} passed" if compared else "not run"


def _worst(compared: Sequence[Comparison]) -> str:
    used = [entry.used for entry in compared if entry.used is not None and not entry.exempt]
    return _of_tolerance(max(used, default=None))


def _of_tolerance(used: float | None) -> str:
    return "" if used is None else f"{share(used)} {'the' if used > 1 else 'of'} tolerance"


def _optimizer(unoptimized: Sequence[Comparison]) -> list[str]:
    """With onnxruntime's optimizer off (the mark says how it is with it on, as in the client); nothing where that was not tried."""
    if not unoptimized:
        return []
    return [f"optimizer off {'✓' if all(entry.passed for entry in unoptimized) else '✗'}"]
