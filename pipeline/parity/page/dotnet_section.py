"""The .NET half: which versions ran the package, in how many ways, what was proven there and what is untried."""

from collections.abc import Iterator

from pipeline.core.dotnet_report import BOUND, NEAREST, NEWEST, DotnetReport, DotnetRuntime
from pipeline.parity.page.markup import Markup, join, mark, number, row, section, sentence, share, table, tag

HEADS = ("asked for", "onnxruntime", "result", "comparisons", "values", "used")
ASKED = {BOUND: "lower bound", NEAREST: "nearest above it", NEWEST: "newest"}


def render_dotnet(dotnet: DotnetReport | None) -> Markup | None:
    """The section; None where `verify` has not run yet."""
    if dotnet is None:
        return None
    return section("dotnet", "In .NET", tag("p", _proven(dotnet)), *_runtimes(dotnet), *_facts(dotnet))


def _proven(dotnet: DotnetReport) -> str:
    if not dotnet.verified:
        return sentence(f"not verified in .NET: {dotnet.reason or 'it was not run'}.")
    versions = [one.onnxruntime for one in dotnet.runtimes if one.verified and one.onnxruntime] or [
        str(dotnet.onnxruntime)
    ]
    return (
        f"Proven: {dotnet.package} restored from a feed and compiled into a program, in {dotnet.runtime} with onnxruntime "
        f"{', '.join(versions)} on its default processor provider. Untried: every other version, other operating systems and "
        "processors, GPUs and other execution providers."
    )


def _runtimes(dotnet: DotnetReport) -> Iterator[Markup]:
    if not dotnet.runtimes:
        return
    yield table(HEADS, [_runtime(one) for one in dotnet.runtimes], "Versions of onnxruntime in .NET", names=3)


def _runtime(one: DotnetRuntime) -> Markup:
    """A row, and below it what else is to be known."""
    kind = "ok" if one.verified else "bad" if one.comparisons else "none"
    word = {"ok": "verified", "bad": "failed", "none": "untried"}[kind]
    result = tag("td", mark(kind, word), f" {word}", class_=kind)
    name = tag("th", ASKED.get(one.asked, one.asked), scope="row")
    numbers = f"{one.comparisons:,}", f"{one.values:,}", share(one.used)
    notes = "; ".join(filter(None, (one.reason, one.note)))
    cells = row(
        name,
        tag("td", one.onnxruntime or "–", class_="long"),
        result,
        *numbers,
        heads=HEADS,
        class_="failed" if notes else None,
    )
    kind = "problem" if one.reason else "problem quiet"
    return join([cells, tag("tr", tag("td", sentence(notes), colspan=str(len(HEADS))), class_=kind) if notes else ""])


def _facts(dotnet: DotnetReport) -> Iterator[Markup]:
    facts = {
        "package": dotnet.package,
        ".NET SDK": dotnet.sdk,
        ".NET runtime": dotnet.runtime,
        "onnxruntime": dotnet.onnxruntime,
        "onnxruntime in Python": dotnet.onnxruntime_python,
        "ways in": ", ".join(dotnet.ways),
        "threads": dotnet.threads,
        "rows through all ways and threads": f"{dotnet.rows:,}" if dotnet.rows else None,
        "values": f"{dotnet.values:,}" if dotnet.values else None,
        "test rows": f"{dotnet.test_rows:,}" if dotnet.test_rows else None,
        "note": dotnet.note,
    }
    if texts := dotnet.texts:
        cosine = f", smallest cosine {texts.least_cosine:.9f}" if texts.least_cosine is not None else ""
        facts["texts"] = f"{texts.texts:,} with {texts.tokens:,} tokens, {texts.mismatches:,} with other tokens{cosine}"
    for output, summary in dotnet.outputs.items():
        facts[f"largest difference of {output}"] = number(summary.max_abs)
    yield tag(
        "dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in facts.items() if value), class_="facts"
    )
