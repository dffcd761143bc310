"""The gate's own power: what became of the mutants of each kind, and each that survived."""

from pipeline.core.power_report import PowerReport
from pipeline.parity.page.markup import Markup, join, number, row, section, share, table, tag


def render_power(power: PowerReport | None) -> Markup | None:
    """The section; None where the gate failed before its power was measured."""
    if power is None:
        return None
    if not power.tried:
        return section(
            "power",
            "What the gate would notice",
            tag("p", "Not measured: this graph has no place where it could be broken."),
        )
    about = (
        f"{power.tried} copies of the graph that is published were broken in one place each and asked the same: {power.caught} "
        f"{_were(power.caught)} caught, {power.equivalent} {'moves' if power.equivalent == 1 else 'move'} no answer beyond rounding, {power.missed} {_were(power.missed)} missed. One that moves an answer by more "
        f"than {number(power.least_power)} of its output's scale and is missed fails the gate."
    )
    rows = [
        row(
            tag("th", kind, scope="row"), count.tried, _tally(count.caught, count.tried), count.equivalent, count.missed
        )
        for kind, count in power.kinds.items()
    ]
    kinds = table(("kind", "tried", "caught", "equivalent", "missed"), rows, "Mutants by kind")
    return section("power", "What the gate would notice", tag("p", about), kinds, *_survivors(power))


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _tally(caught: int, tried: int) -> Markup:
    filled = Markup(f'<i style="width:{100 * caught / max(tried, 1):.1f}%"></i>')
    return join([tag("span", filled, class_="bar plain", aria_hidden="true"), tag("span", caught, class_="share")])


def _survivors(power: PowerReport) -> list[Markup]:
    if not power.survivors:
        return []
    heads = ("mutant", "change", "output", "moved, of its scale", "used")
    rows = [
        row(
            tag("th", f"{one.kind}: {one.result}", scope="row"),
            tag("td", tag("code", one.layer), tag("small", one.change), class_="long"),
            tag("td", tag("code", one.output) if one.output else "–", class_="long"),
            number(one.moved),
            share(one.used),
            heads=heads,
        )
        for one in power.survivors
    ]
    return [tag("h3", "Survivors"), table(heads, rows, "Mutants that no comparison caught", names=3)]
