"""Shapes of a drawing in a frame with axes, as SVG."""

import math
from collections.abc import Callable, Iterable, Sequence

from pipeline.parity.page.markup import Markup, number, raise_digits, tag

WIDTH, HEIGHT = 256, 204
# The frame within it.
LEFT, RIGHT, TOP, BOTTOM = 50.0, 250.0, 12.0, 168.0
Place = Callable[[float], float]
Corner = tuple[float, float]


def frame(parts: Iterable[Markup], label: str) -> Markup:
    """The drawing; `label` says what there is to see, for who does not see it."""
    return tag("svg", *parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", class_="chart", role="img", aria_label=label)


def rectangle(corner: Corner, width: float, height: float, kind: str) -> Markup:
    x, y = corner
    return Markup(
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"/>'
    )


def line(start: Corner, end: Corner, kind: str) -> Markup:
    return Markup(f'<path class="{kind}" d="M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}"/>')


def words(at: Corner, text: str, anchor: str = "middle", kind: str | None = None) -> Markup:
    return tag("text", text, x=f"{at[0]:.1f}", y=f"{at[1]:.1f}", text_anchor=anchor, class_=kind)


def titles(horizontal: str, vertical: str = "") -> list[Markup]:
    """What both axes show."""
    drawn = [words(((LEFT + RIGHT) / 2, HEIGHT - 4), horizontal, kind="title")]
    if vertical:
        turned = f"translate(11 {(TOP + BOTTOM) / 2:.0f}) rotate(-90)"
        drawn.append(tag("text", vertical, transform=turned, text_anchor="middle", class_="title"))
    return drawn


def dots(points: Sequence[tuple[float, float, bool]]) -> list[Markup]:
    """Points within their limit and beyond it, as two paths: a tenth of what circles take."""
    parts = []
    for kind, beyond in (("dots", False), ("dots over", True)):
        path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y, over in points if over == beyond)
        if path:
            parts.append(Markup(f'<path class="{kind}" d="{path}"/>'))
    return parts


def scale(low: float, high: float, start: float, end: float) -> Place:
    """Where a value between `low` and `high` stands, between `start` and `end`."""
    return lambda value: start + (end - start) * ((value - low) / (high - low))


def span(values: Sequence[float]) -> tuple[float, float]:
    """The smallest and largest, and a little room; never nothing."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = 0.04 * (high - low) or max(abs(high), 1e-30) * 0.5
    return low - room, high + room


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between both: three to five."""
    raw = (high - low) / 3.5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((factor * power for factor in (1, 2, 5) if factor * power >= raw), 10 * power)
    return [place * step for place in range(math.ceil(low / step), math.floor(high / step) + 1)]


def columns(values: Iterable[float], x: Place) -> list[Markup]:
    """Upright lines of the grid, with their numbers below."""
    drawn = [
        (line((x(value), TOP), (x(value), BOTTOM), "grid"), words((x(value), BOTTOM + 14), number(value)))
        for value in values
    ]
    return [part for pair in drawn for part in pair]


def levels(values: Iterable[float], y: Place) -> list[Markup]:
    """Level lines of the grid, with their numbers at the left."""
    drawn = [
        (line((LEFT, y(value)), (RIGHT, y(value)), "grid"), words((LEFT - 6, y(value) + 4), number(value), "end"))
        for value in values
    ]
    return [part for pair in drawn for part in pair]


def power_of_ten(exponent: int) -> str:
    return "1" if exponent == 0 else f"10{raise_digits(exponent)}"
