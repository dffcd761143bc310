"""The top of the page: one sentence and a mark, why a gate failed and where it began, and the few numbers that matter most."""

from collections.abc import Iterator, Sequence

from pipeline.core.contract import Contract
from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.parity_report import ParityReport
from pipeline.parity.attribution import describe_unoptimized
from pipeline.parity.page.markup import Markup, join, mark, number, plural, prose, safe, sentence, share, tag

_KINDS = {"ok": "passed", "bad": "failed", "note": "passed, not verified in .NET"}


def judge(parity: ParityReport, dotnet: DotnetReport | None) -> tuple[str, str]:
    """The kind of mark (ok, bad, note), and the verdict in one sentence."""
    if not parity.passed:
        return "bad", _failure(parity)
    if dotnet is None:
        return "ok", "Every graph answers what PyTorch answered"
    if dotnet.verified:
        return "ok", "Every graph answers what PyTorch answered, and so does the package in .NET"
    if dotnet.departs:
        return "bad", "The package does not answer in .NET what PyTorch answered"
    if dotnet.comparisons:
        return "note", "Every graph answers what PyTorch answered; in .NET the version that consumers get was not run"
    return "note", "Every graph answers what PyTorch answered; the package was not verified in .NET"


def _failure(parity: ParityReport) -> str:
    if any(not entry.passed for entry in parity.comparisons):
        stages = list(dict.fromkeys(entry.stage for entry in parity.comparisons if not entry.passed))
        return f"{_list(stages)} {'does' if len(stages) == 1 else 'do'} not answer what PyTorch answered"
    if parity.power and not parity.power.passed:
        return "The gate would not notice a wrong graph"
    if parity.task and not parity.task.passed:
        return f"The {parity.task.metric} gets worse by more than its budget"
    return "The gate failed"


def render_verdict(
    parity: ParityReport, contract: Contract, dotnet: DotnetReport | None, departure: Sequence[str]
) -> Markup:
    """The header.

    Args:
        parity: What `validate` found.
        contract: The model's.
        dotnet: What `verify` found; None where it has not run yet.
        departure: What `locate` says of where a failed gate began, line by line; empty where it has not run.
    """
    kind, verdict = judge(parity, dotnet)
    about = f"{contract.name} · {contract.description}" if contract.description else contract.name
    content = [
        tag("p", about, class_="about"),
        tag("h1", mark(kind, _KINDS[kind]), tag("span", sentence(verdict), ".")),
        *(_reasons(parity, dotnet, departure)),
        tag("dl", *_numbers(parity, dotnet), class_="tiles"),
    ]
    return tag("header", *content, class_=f"verdict {kind}")


def _reasons(parity: ParityReport, dotnet: DotnetReport | None, departure: Sequence[str]) -> Iterator[Markup]:
    attribution = parity.attribution or (dotnet.attribution if dotnet else None)
    if attribution:
        yield tag("p", sentence(attribution.sentence), class_="lead")
    if not parity.passed:
        yield tag("p", sentence(parity.gate), class_="reason")
        if departure:
            lines = join(tag("li", prose(line)) for line in departure)
            yield tag("div", tag("h3", "Where it began"), tag("ul", lines), class_="departure")
        elif any(not entry.passed for entry in parity.comparisons):
            command, folder = tag("code", "python -m pipeline locate"), tag("code", "reports/departure/")
            yield tag("p", "Where it began, node by node: ", command, " (it writes ", folder, ").", class_="hint")
    elif dotnet and not dotnet.verified:
        why = dotnet.reason if dotnet.comparisons else f"Not verified in .NET: {dotnet.reason}"
        yield tag("p", sentence(why), class_="reason")
    elif not attribution:
        yield tag("p", *_lead(parity, dotnet), class_="lead")
    if remark := describe_unoptimized(parity.comparisons, parity.unoptimized):
        yield tag("p", sentence(remark), class_="remark")


def _lead(parity: ParityReport, dotnet: DotnetReport | None) -> Iterator[object]:
    versions = _list([parity.onnxruntime, *(replay.onnxruntime for replay in parity.runtimes)])
    yield f"{plural(len(parity.comparisons), 'comparison')} of {parity.values:,} values in onnxruntime {versions}"
    if dotnet and dotnet.verified:
        yield f", and {dotnet.rows:,} rows through the package's {plural(len(dotnet.ways), 'way')} in, in .NET"
    if parity.margin is not None:
        yield f": a difference {number(parity.margin)} times as large would still pass"
    elif parity.used == 0 or parity.max_abs == 0:
        yield ": all are equal"
    yield "."


def _numbers(parity: ParityReport, dotnet: DotnetReport | None) -> Iterator[Markup]:
    """The tiles."""
    if parity.used is not None:
        margin = f"{number(parity.margin)} times as much would pass" if parity.margin and parity.used <= 1 else ""
        yield _tile("Tolerance used", share(parity.used), margin or "what is allowed, at the worst", parity.used > 1)
    outputs = list(dict.fromkeys(entry.output for entry in parity.comparisons if entry.max_abs == parity.max_abs))
    of = f"of {outputs[0]}, " if parity.max_abs and outputs else ""
    yield _tile("Largest difference", number(parity.max_abs), f"{of}{parity.values:,} values compared")
    if power := parity.power:
        note = "mutants caught" + (f", {power.missed} missed" if power.missed else "")
        yield _tile("Power of the gate", f"{power.caught} of {power.tried}", note, not power.passed)
    if task := parity.task:
        published = task.paired.get("simplify")
        changed = f", {published.changed:,} of {task.rows:,} rows changed" if published else ""
        yield _tile(task.metric, number(task.simplify), f"PyTorch {number(task.eager)}{changed}", not task.passed)
    if dotnet or parity.passed:
        yield _dotnet_tile(dotnet)


def _dotnet_tile(dotnet: DotnetReport | None) -> Markup:
    if dotnet is None:
        return _tile(".NET", "not yet", "verify runs after this page")
    versions = dotnet.list_verified() or [str(dotnet.onnxruntime)]
    ran = f"{dotnet.rows:,} rows, {dotnet.threads} threads, onnxruntime {_list(versions)}"
    if dotnet.verified:
        return _tile(".NET", "verified", ran)
    if dotnet.departs:
        return _tile(".NET", "failed", "the reason is above", bad=True)
    return _tile(".NET", "not verified", f"what ran is right: {ran}" if dotnet.comparisons else "the reason is above")


def _tile(name: str, value: str, note: str, bad: bool = False) -> Markup:
    return tag(
        "div", tag("dt", name), tag("dd", tag("strong", value), tag("small", safe(note))), class_="bad" if bad else None
    )


def _list(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
