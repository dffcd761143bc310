"""HTML by hand, escaped unless it is markup already; numbers as every section writes them, with three significant digits."""

import math
from collections.abc import Iterable, Sequence
from html import escape

from pipeline.core.answer_evidence import Scalar

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Rows of a table that are seen before it is unfolded.
SEEN = 12


class Markup(str):
    """HTML that is put into the page as it is; any other text is escaped."""

    __slots__ = ()


def safe(value: object) -> Markup:
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def join(parts: Iterable[object], separator: str = "") -> Markup:
    return Markup(separator.join(safe(part) for part in parts))


def sentence(text: str) -> Markup:
    """A sentence of a report, with a capital."""
    return prose(text[:1].upper() + text[1:])


def prose(text: str) -> Markup:
    """Words of a report; what stands between backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return safe("`".join(parts))
    return join(tag("code", part) if place % 2 else part for place, part in enumerate(parts))


def tag(name: str, *content: object, **attributes: object) -> Markup:
    """An element; `class_` is the attribute `class`, an underscore within a name is a hyphen, and None leaves an attribute out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Markup(f"<{name}{written}>{join(content)}</{name}>")


def number(value: float | None) -> str:
    """Three significant digits, "–" where there is none; powers of ten are written as such."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "−∞"}.get(value, "NaN")
    short = float(f"{value:.3g}")
    if short == 0 or 1e-3 <= abs(short) < 1e6:
        text = f"{short:,.0f}" if abs(short) >= 1000 else f"{short:.3g}"
        return text.replace("-", "−")
    digits, _, power = f"{short:.2e}".partition("e")
    return f"{digits.rstrip('0').rstrip('.').replace('-', '−')}×10{raise_digits(int(power))}"


def raise_digits(exponent: int) -> str:
    """A whole number in raised digits."""
    return str(exponent).translate(_RAISED)


def scalar(value: Scalar) -> str:
    """A value of an input or an answer: whole numbers whole, texts as they are."""
    if isinstance(value, bool | str):
        return {"nan": "NaN", "inf": "∞", "-inf": "−∞"}.get(str(value), str(value))
    return f"{value:,}".replace("-", "−") if isinstance(value, int) else number(value)


def share(value: float | None) -> str:
    """A share of what is allowed: a percentage, or how many times it is."""
    if value is None:
        return "–"
    return f"{number(value)} times" if value > 1 else f"{number(100 * value)} %"


def of_allowed(used: float) -> str:
    """The same, with what it is a share of."""
    return f"{share(used)} {'what is allowed' if used > 1 else 'of what is allowed'}"


def megabytes(size: int) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{number(size / factor)} {unit}"
    return f"{size} bytes"


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def section(anchor: str, title: str, *content: object) -> Markup:
    return tag(
        "section", tag("h2", title, id=f"{anchor}-title"), *content, id=anchor, aria_labelledby=f"{anchor}-title"
    )


def table(heads: Sequence[str], rows: Sequence[Markup], caption: str, names: int = 1) -> Markup:
    """A table; beyond SEEN rows, the rest is folded. Rows that know their heads are cards on a phone.

    Args:
        heads: Of the columns.
        rows: Elements `tr`.
        caption: What it is, for who does not see it.
        names: How many columns, from the left, are text; the others are numbers.
    """
    more = rows[SEEN:] if len(rows) > SEEN + 3 else []
    seen = _table(heads, rows[: len(rows) - len(more)], caption, names)
    if not more:
        return seen
    rest = _table(heads, more, f"{caption}, the rest", names)
    return join([seen, tag("details", tag("summary", f"{len(more):,} more"), rest)])


def _table(heads: Sequence[str], rows: Sequence[Markup], caption: str, names: int) -> Markup:
    head = tag("thead", tag("tr", *(tag("th", text, scope="col") for text in heads)))
    cards = " cards-on-phone" if any(" data-head=" in row for row in rows) else ""
    return tag("table", tag("caption", caption), head, tag("tbody", *rows), class_=f"names-{names}{cards}")


def row(*cells: object, heads: Sequence[str] = (), class_: str | None = None) -> Markup:
    """A line of a table. With `heads`, each `td` says which column it is of, for the card that it is on a phone."""
    columns = [*heads, *[None] * (len(cells) - len(heads))]
    return tag("tr", *(_cell(cell, head) for cell, head in zip(cells, columns, strict=True)), class_=class_)


def _cell(value: object, head: str | None) -> Markup:
    if not (isinstance(value, Markup) and value.startswith(("<td", "<th"))):
        return tag("td", value, data_head=head)
    return Markup(value.replace("<td", f'<td data-head="{escape(head)}"', 1)) if head else value


def mark(kind: str, label: str) -> Markup:
    """A round sign: ok, bad, or none where nothing ran."""
    paths = {"ok": "M5 10.5l3.5 3.5 7-8", "bad": "M6 6l8 8M14 6l-8 8", "note": "M10 5v6M10 14.5v.1", "none": "M6 10h8"}
    drawn = Markup(f'<circle cx="10" cy="10" r="10"/><path d="{paths[kind]}"/>')
    return tag("svg", drawn, class_=f"mark {kind}", viewBox="0 0 20 20", role="img", aria_label=label)


def bar(used: float | None) -> Markup:
    """A share of what is allowed as a bar with its number; what is beyond is full."""
    if used is None:
        return Markup("–")
    width = 100 * min(used, 1.0)
    filled = Markup(f'<i style="width:{width:.1f}%"></i>')
    drawn = tag("span", filled, class_="bar" if used <= 1 else "bar bad", role="img", aria_label=of_allowed(used))
    return join([drawn, tag("span", share(used), class_="share")])
