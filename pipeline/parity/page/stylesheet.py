"""The page's style: its colors, light and dark, and the rules of its charts, for who draws them elsewhere."""

import re
from pathlib import Path

STYLE = Path(__file__).with_name("style.css")


def read_colors(*, dark: bool = False) -> dict[str, str]:
    """Color by name, as "#rrggbb" or "#rgb"."""
    light_block, dark_block, *_ = re.findall(r":root \{([^}]*)\}", STYLE.read_text(encoding="utf-8"))
    return dict(re.findall(r"--([\w-]+): (#\w+)", dark_block if dark else light_block))


def style_charts(*, dark: bool = False) -> str:
    """The rules of charts and lines, with the colors in them: a drawing alone has no variables."""
    on_any_screen, _, _ = STYLE.read_text(encoding="utf-8").partition("@media (max-width")
    rules = re.findall(r"(?<!svg)\.(?:chart|line) [^{}]+\{[^}]*\}", on_any_screen)
    colors = read_colors(dark=dark)
    return re.sub(r"var\(--([\w-]+)\)", lambda used: colors[used[1]], "\n".join(rules))
