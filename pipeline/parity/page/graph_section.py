"""The graph before and after: operators whose count changed, as bars, and what it comes to."""

import re
from collections.abc import Mapping

from pipeline.core.answer_evidence import GraphCount
from pipeline.core.parity_report import ParityReport
from pipeline.parity.page.markup import Markup, join, megabytes, row, section, table, tag

_NAMES = {"traced": "as exported", "export": "constants folded", "simplify": "simplified"}


def render_graph(parity: ParityReport) -> Markup | None:
    """The section; None where a report has no counts."""
    graphs = parity.evidence.graphs if parity.evidence else {}
    if not graphs:
        return None
    steps = list(graphs)
    sizes = {
        "nodes": [f"{one.nodes:,}" for one in graphs.values()],
        "initializers": [f"{one.initializers:,}" for one in graphs.values()],
        "size": [megabytes(one.bytes) for one in graphs.values()],
    }
    totals = [row(tag("th", label, scope="row"), *cells) for label, cells in sizes.items()]
    heads = ["", *(_NAMES.get(step, step) for step in steps)]
    operators = sorted({op for one in graphs.values() for op in one.ops})
    changed = [op for op in operators if len({one.ops.get(op, 0) for one in graphs.values()}) > 1]
    changed.sort(key=lambda op: (-abs(_change(op, graphs)), op))
    alike = ", ".join(f"{op} {next(iter(graphs.values())).ops[op]:,}" for op in operators if op not in changed)
    content = [table(heads, totals, "Size of the graph, step by step")]
    if changed:
        most = max(one.ops.get(op, 0) for op in changed for one in graphs.values())
        rows = [
            row(
                tag("th", tag("code", _breakable(op)), scope="row"),
                *(_bar(graphs[step].ops.get(op, 0), most) for step in steps),
            )
            for op in changed
        ]
        content += [
            tag("h3", "Operators whose number changed"),
            table(["operator", *heads[1:]], rows, "Operators whose number changed"),
        ]
    if alike:
        content.append(tag("p", f"Unchanged: {alike}.", class_="quiet"))
    return section("graph", "The graph, before and after", *content)


def _breakable(operator: str) -> Markup:
    """The name, which may go on in the next line before a capital."""
    return join(re.split("(?<=[a-z])(?=[A-Z])", operator), "<wbr>")


def _change(operator: str, graphs: Mapping[str, GraphCount]) -> int:
    counts = [one.ops.get(operator, 0) for one in graphs.values()]
    return max(counts) - min(counts)


def _bar(count: int, most: int) -> Markup:
    filled = Markup(f'<i style="width:{100 * count / most:.1f}%"></i>') if count else Markup("")
    return join(
        [tag("span", filled, class_="bar plain", aria_hidden="true"), tag("span", f"{count:,}", class_="share")]
    )
