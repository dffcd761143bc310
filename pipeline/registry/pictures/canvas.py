"""A picture: a title that says what there is to see, drawings below it, and the file that it becomes."""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.parity.page.markup import Markup, tag
from pipeline.parity.page.stylesheet import read_colors, style_charts

# In pixels. MLflow's artifact pane scales a wider picture down; a run's note shows it as it is, and cuts it.
WIDTH, EDGE = 700.0, 20.0
INNER = WIDTH - 2 * EDGE
HEADLINE, TEXT = 20.0, 14.0
HEADLINE_STEP, STEP = 25.0, 20.0
# The width of a letter, as a share of the size of its text, on average and a little more.
LETTER = 0.53
# vl-convert brings it along: the same letters on every machine.
FONT = "Liberation Sans"
TEXTS = re.compile("<text[^>]*>[^<]*")
RAISED = re.compile("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")
PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "−0123456789")
# Control characters, which a text may have and XML cannot carry.
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Picture:
    """What is drawn: `parts` stand in a frame of INNER pixels by `height`, below title and subtitle."""

    name: str
    title: str
    subtitle: str
    height: float
    parts: Sequence[Markup]


def compose(picture: Picture, *, dark: bool = False) -> str:
    """The picture as an SVG file with nothing outside of it."""
    title, subtitle = wrap(picture.title, INNER, HEADLINE), wrap(picture.subtitle, INNER)
    below = EDGE + HEADLINE_STEP * len(title)
    top = below + STEP * len(subtitle) + 12
    height = top + picture.height + EDGE
    content = [
        tag("style", Markup(_style(dark=dark))),
        Markup(f'<rect class="paper" width="{WIDTH:.0f}" height="{height:.0f}"/>'),
        write_lines(title, (EDGE, EDGE + 0.8 * HEADLINE), HEADLINE_STEP, kind="headline"),
        write_lines(subtitle, (EDGE, below + TEXT), STEP, kind="quiet"),
        tag("g", *picture.parts, transform=f"translate({EDGE:.0f} {top:.1f})"),
    ]
    svg = tag(
        "svg",
        *content,
        xmlns="http://www.w3.org/2000/svg",
        width=f"{WIDTH:.0f}",
        height=f"{height:.0f}",
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
    )
    return TEXTS.sub(_raise_digits, NOT_XML.sub("\N{REPLACEMENT CHARACTER}", svg))


def _style(*, dark: bool) -> str:
    """The page's rules for charts, and those that only pictures need."""
    colors = read_colors(dark=dark)
    rules = (
        f'text {{ font-family: "{FONT}"; font-size: {TEXT:g}px; fill: {colors["ink"]}; }}',
        f".headline {{ font-size: {HEADLINE:g}px; font-weight: 700; }} .strong {{ font-weight: 700; }}",
        f".quiet {{ fill: {colors['quiet']}; }} .bad {{ fill: {colors['bad']}; }} .paper {{ fill: {colors['paper']}; }}",
        f".rule {{ stroke: {colors['line']}; fill: none; }} .raised {{ font-size: 72%; baseline-shift: super; }}",
        f".chart .curve {{ stroke: {colors['accent']}; stroke-width: 1.6; }} .chart .mark {{ fill: {colors['accent']}; }}",
        f".chart .curve.train {{ stroke: {colors['quiet']}; stroke-width: 1.3; stroke-dasharray: 4 2.5; }}",
    )
    return "\n".join((*rules, style_charts(dark=dark)))


def draw_png(picture: Picture, *, dark: bool = False) -> bytes:
    """The picture as a PNG file; the same on every machine."""
    from vl_convert import svg_to_png

    return svg_to_png(compose(picture, dark=dark))


def place(drawing: Markup, corner: tuple[float, float], width: float) -> Markup:
    """A chart of the page at `corner`, `width` pixels wide."""
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawing)
    if box is None:
        raise AssertionError(f"a drawing without a viewBox: {drawing[:80]}")
    size = f'x="{corner[0]:.1f}" y="{corner[1]:.1f}" width="{width:.1f}" height="{width * float(box[2]) / float(box[1]):.1f}"'
    return Markup(drawing.replace("<svg ", f"<svg {size} ", 1))


def wrap(text: str, width: float, size: float = TEXT, most: int = 4) -> list[str]:
    """Lines of `text` of `width` pixels; what does not fit into `most` of them ends in an ellipsis."""
    letters = max(int(width / (LETTER * size)), 4)
    return textwrap.wrap(text, letters, max_lines=most, placeholder="…")


def cut(text: str, width: float) -> str:
    """As much of `text` as has room in `width` pixels, on one line."""
    letters = int(width / (LETTER * TEXT))
    line = " ".join(text.split())
    return line if len(line) <= letters else f"{line[: letters - 1]}…"


def write(text: str, at: tuple[float, float], *, anchor: str = "start", kind: str | None = None) -> Markup:
    """One line of text, its baseline at `at`; `kind` is one of headline, strong, quiet and bad."""
    return tag("text", text, x=f"{at[0]:.1f}", y=f"{at[1]:.1f}", text_anchor=anchor, class_=kind)


def write_lines(lines: Sequence[str], at: tuple[float, float], step: float, *, kind: str | None = None) -> Markup:
    """Lines of text below each other, `step` pixels apart, the baseline of the first at `at`."""
    return tag("g", *(write(line, (at[0], at[1] + step * number), kind=kind) for number, line in enumerate(lines)))


def _raise_digits(text: re.Match[str]) -> str:
    """Raised digits as such: FONT has no letters for all of them, and another font would be another on each machine."""
    return RAISED.sub(lambda digits: f'<tspan class="raised">{digits[0].translate(PLAIN)}</tspan>', text[0])
