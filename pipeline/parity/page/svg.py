"""Shapes of a drawing in a frame with axes, as SVG."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pipeline.parity.page.markup import Markup, number, raise_digits, tag

Place = Callable[[float], float]
Corner = tuple[float, float]
# The width of a digit, and room.
DIGIT = 7.0


@dataclass(frozen=True)
class Frame:
    """A drawing's size, and the frame of the axes within it."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float

    def draw(self, parts: Iterable[Markup], label: str) -> Markup:
        """The drawing; `label` says what there is to see, for who does not see it."""
        box = f"0 0 {self.width:.0f} {self.height:.0f}"
        return tag("svg", *parts, viewBox=box, class_="chart", role="img", aria_label=label)

    def titles(self, horizontal: str, vertical: str = "") -> list[Markup]:
        """What both axes show."""
        drawn = [words(((self.left + self.right) / 2, self.height - 4), horizontal, kind="title")]
        if vertical:
            turned = f"translate(11 {(self.top + self.bottom) / 2:.0f}) rotate(-90)"
            drawn.append(tag("text", vertical, transform=turned, text_anchor="middle", class_="title"))
        return drawn

    def columns(self, values: Iterable[float], x: Place) -> list[Markup]:
        """Upright lines of the grid, with their numbers below."""
        drawn: list[Markup] = []
        for value in values:
            written = number(value)
            at = min(x(value), self.width - DIGIT * len(written) / 2)
            drawn.append(line((x(value), self.top), (x(value), self.bottom), "grid"))
            drawn.append(words((at, self.bottom + 14), written))
        return drawn

    def levels(self, values: Iterable[float], y: Place) -> list[Markup]:
        """Level lines of the grid, with their numbers at the left."""
        drawn = [
            (
                line((self.left, y(value)), (self.right, y(value)), "grid"),
                words((self.left - 6, y(value) + 4), number(value), "end"),
            )
            for value in values
        ]
        return [part for pair in drawn for part in pair]


# One of three charts side by side.
PANEL = Frame(256, 204, left=50.0, right=250.0, top=12.0, bottom=168.0)


def rectangle(corner: Corner, width: float, height: float, kind: str) -> Markup:
    x, y = corner
    return Markup(
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"/>'
    )


def line(start: Corner, end: Corner, kind: str) -> Markup:
    return Markup(f'<path class="{kind}" d="M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}"/>')


def words(at: Corner, text: str, anchor: str = "middle", kind: str | None = None) -> Markup:
    return tag("text", text, x=f"{at[0]:.1f}", y=f"{at[1]:.1f}", text_anchor=anchor, class_=kind)


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


def power_of_ten(exponent: int) -> str:
    return "1" if exponent == 0 else f"10{raise_digits(exponent)}"
