"""The tolerance explained: the formula, with this model's numbers."""

from pipeline.core.contract import Contract, OutputScale
from pipeline.core.parity_report import Comparison, ParityReport
from pipeline.parity.page.markup import Markup, number, row, section, table, tag


def render_tolerance(parity: ParityReport, contract: Contract) -> Markup:
    formula = tag("p", "|got − expected| ≤ atol · scale + floor + rtol · |expected|", class_="formula")
    about = tag(
        "p",
        "The scale is the 90th percentile of what PyTorch itself answers, so that answers of 10⁻⁷ are proven as well as answers of 10⁶; "
        "rounding is what moving every weight and input by one rounding moves PyTorch's own answers, as a share of the scale. A deep network is "
        "allowed what its own rounding does, a few times. Integers, booleans and text must be equal.",
    )
    worst: dict[str, Comparison] = {}
    for entry in parity.comparisons:
        if entry.used is not None and (entry.output not in worst or entry.used > (worst[entry.output].used or 0.0)):
            worst[entry.output] = entry
    if not worst:
        return section("tolerance", "The tolerance, explained", formula, about)
    heads = ("output", "scale", "rounding", "atol · scale + floor", "rtol", "allowed at the scale")
    rows = [row(*_cells(name, entry, contract.scales.get(name)), heads=heads) for name, entry in worst.items()]
    example = next(iter(worst.values()))
    words = _example(example)
    return section(
        "tolerance", "The tolerance, explained", formula, about, *words, table(heads, rows, "Tolerance of each output")
    )


def _cells(name: str, entry: Comparison, scale: OutputScale | None) -> list[object]:
    size = entry.scale or 0.0
    allowed = entry.tolerance + entry.rtol * size
    rounding = number(scale.rounding) if scale else "–"
    name_cell = tag("th", tag("code", name), scope="row")
    return [name_cell, number(size), rounding, number(entry.tolerance), number(entry.rtol), number(allowed)]


def _example(entry: Comparison) -> list[Markup]:
    """The formula with numbers, for one output; nothing where its scale is 0."""
    if not entry.scale:
        return []
    allowed = entry.tolerance + entry.rtol * entry.scale
    return [
        tag(
            "p",
            "Here, for ",
            tag("code", entry.output),
            f": an answer of {number(entry.scale)} may differ by {number(entry.tolerance)} + {number(entry.rtol)} · {number(entry.scale)} = "
            f"{number(allowed)}; an answer of 0 by {number(entry.tolerance)}.",
        )
    ]
