"""The page's section on the gate's own power: what became of the mutants of each kind, and each that survived."""

from collections.abc import Iterator
from html import escape

from pipeline.core.power_report import PowerReport


def render_power(power: PowerReport | None) -> Iterator[str]:
    """HTML of the section; nothing where the gate failed before its power was measured."""
    if power is None:
        return
    yield "<h2>What the gate would notice</h2>"
    if not power.tried:
        yield "<p>Not measured: this graph has no place where it could be broken.</p>"
        return
    yield (
        f"<p>{power.tried} copies of the graph that is published were broken in one place each and asked the same: {power.caught} "
        f"were caught, {power.equivalent} move no answer beyond rounding, {power.missed} were missed. One that moves an answer by more "
        f"than {power.least_power:g} of its output's scale and is missed fails the gate.</p>"
    )
    yield _heads(1, "kind", "tried", "caught", "equivalent", "missed")
    for kind, count in power.kinds.items():
        yield _row(kind, count.tried, count.caught, count.equivalent, count.missed)
    yield "</table></div>"
    if not power.survivors:
        return
    yield "<h3>Survivors</h3>"
    yield _heads(4, "mutant", "layer", "change", "output", "moved (of its scale)", "tolerance used")
    for one in power.survivors:
        used = "–" if one.used is None else f"{100 * one.used:.2g} %"
        yield _row(f"{one.kind}: {one.result}", one.layer, one.change, one.output or "–", f"{one.moved:.2g}", used)
    yield "</table></div>"


def _heads(names: int, *heads: str) -> str:
    """The beginning of a table whose first so many columns are text."""
    return (
        f'<div class="scroll"><table class="names-{names}"><tr>'
        + "".join(f"<th>{head}</th>" for head in heads)
        + "</tr>"
    )


def _row(*cells: object) -> str:
    return "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells) + "</tr>"
