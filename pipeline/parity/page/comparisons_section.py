"""Every comparison, folded by graph; those that failed first, and open."""

from collections.abc import Sequence

from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.parity_report import Comparison, ParityReport
from pipeline.parity.page.markup import Markup, join, number, plural, row, section, share, tag

# Rows of one group; the rest is in the reports.
MOST = 300
HEADS = ("call", "output", "batch", "values", "largest difference", "scale", "tolerance", "used", "result")


def render_comparisons(parity: ParityReport, dotnet: DotnetReport | None) -> Markup:
    groups: dict[str, list[Comparison]] = {}
    everything = [*parity.comparisons, *parity.unoptimized, *(dotnet.comparisons if dotnet else [])]
    for entry in everything:
        groups.setdefault(_group(entry), []).append(entry)
    order = sorted(groups, key=lambda name: all(entry.passed for entry in groups[name]))
    if not order:
        return section("comparisons", "Every comparison", tag("p", "Nothing was compared."))
    return section("comparisons", "Every comparison", *(_fold(name, groups[name]) for name in order))


def _group(entry: Comparison) -> str:
    """The name of the group that a comparison is in."""
    name = ".NET" if entry.stage == "dotnet" else entry.stage
    parts = [
        name,
        *([] if entry.variant == "fp32" else [entry.variant]),
        *([f"onnxruntime {entry.runtime}"] if entry.runtime else []),
        *([entry.way] if entry.way else []),
        *(["optimizer off"] if entry.optimizer == "off" else []),
    ]
    return ", ".join(parts)


def _fold(name: str, compared: Sequence[Comparison]) -> Markup:
    failed = sum(not entry.passed for entry in compared)
    ordered = sorted(compared, key=lambda entry: (entry.passed, -(entry.used or 0.0) if len(compared) > MOST else 0.0))
    rows = [_row(entry) for entry in ordered[:MOST]]
    ways = any(entry.way for entry in compared)
    used = max((entry.used for entry in compared if entry.used is not None), default=None)
    words = (
        f"{failed} of {plural(len(compared), 'comparison')} failed"
        if failed
        else f"{plural(len(compared), 'comparison')} passed"
    )
    summary = tag(
        "summary",
        tag("strong", name),
        " ",
        tag("span", words, class_="bad" if failed else "ok"),
        tag("small", f"{share(used)} used at most") if used else "",
    )
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in HEADS)))
    grid = tag("table", tag("caption", f"Comparisons of {name}"), head, tag("tbody", *rows), class_="names-2 dense")
    box = tag("div", grid, class_="box", tabindex="0", role="region", aria_label=f"Comparisons of {name}")
    left = len(compared) - MOST
    report = "reports/dotnet.json" if ways else "reports/parity.json"
    rest = [tag("p", f"{left:,} more are in {report}.", class_="quiet")] if left > 0 else []
    return tag("details", summary, box, *rest, **({"open": "open"} if failed else {}))


def _row(entry: Comparison) -> Markup:
    kind, word = ("none", "exempt") if entry.exempt else ("ok", "passed") if entry.passed else ("bad", "failed")
    cells = [
        tag("th", entry.case, scope="row"),
        tag("td", tag("code", entry.output)),
        "–" if entry.batch is None else f"{entry.batch:,}",
        f"{entry.values:,}",
        number(entry.max_abs),
        number(entry.scale),
        number(entry.tolerance) if entry.used is not None else "equal",
        share(entry.used),
        tag("td", word, class_=kind),
    ]
    problem = tag("tr", tag("td", entry.problem, colspan=str(len(HEADS))), class_="problem") if entry.problem else ""
    return join([row(*cells), problem])
