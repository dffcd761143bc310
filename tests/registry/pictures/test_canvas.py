"""What every picture has: a title, colors of its scheme, a font that travels, a file."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from pipeline.parity.page.markup import Markup
from pipeline.parity.page.stylesheet import read_colors, style_charts
from pipeline.registry.pictures.canvas import (
    FONT,
    INNER,
    LETTER,
    TEXT,
    WIDTH,
    Picture,
    compose,
    cut,
    draw_png,
    place,
    wrap,
    write,
)


def picture(**changes: object) -> Picture:
    settings = {
        "name": "p",
        "title": "A title",
        "subtitle": "What it is.",
        "height": 40.0,
        "parts": [write("x", (0, 20))],
    }
    return Picture(**{**settings, **changes})


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def test_it_is_a_file_of_700_pixels():
    drawn = pixels(draw_png(picture()))
    assert drawn.shape[1] == WIDTH


def test_the_same_picture_has_the_same_bytes():
    assert draw_png(picture()) == draw_png(picture())


@pytest.mark.parametrize("dark", [False, True])
def test_the_ground_is_the_papers_color(dark):
    corner = pixels(draw_png(picture(), dark=dark))[0, 0]
    paper = read_colors(dark=dark)["paper"].lstrip("#")
    digits = paper if len(paper) == 6 else "".join(digit * 2 for digit in paper)
    assert corner.tolist() == [int(digits[start : start + 2], 16) for start in (0, 2, 4)]


def test_a_drawing_alone_has_no_variables():
    assert "var(" not in compose(picture())
    assert ".chart .cell" in style_charts()


def test_rules_of_narrow_screens_are_left_out():
    assert style_charts().count("font-size") == 1


def test_a_long_title_is_wrapped_and_makes_room():
    svg = compose(picture(title="word " * 30))
    assert float(re.search(r'height="(\d+)"', svg)[1]) > float(re.search(r'height="(\d+)"', compose(picture()))[1])


@pytest.mark.parametrize("text", ["<script>&\"'", "\x00\x1b[31m", "\ud800", "]]>", "日本語 😀"])
def test_any_text_is_a_file_that_can_be_read(text):
    assert draw_png(picture(title=text, parts=[write(text, (0, 10))])).startswith(b"\x89PNG")


def test_raised_digits_are_drawn_in_the_font_of_the_others():
    svg = compose(picture(parts=[write("9.54×10⁻⁷", (0, 10))]))
    assert '9.54×10<tspan class="raised">−7</tspan>' in svg
    assert f'font-family: "{FONT}"' in svg


def test_raised_digits_of_an_attribute_stay():
    svg = compose(picture(parts=[Markup('<g aria-label="10⁻⁷"/>')]))
    assert 'aria-label="10⁻⁷"' in svg


def test_a_chart_is_placed_in_its_proportions():
    chart = Markup('<svg viewBox="0 0 200 100"></svg>')
    assert place(chart, (10, 20), 300).startswith('<svg x="10.0" y="20.0" width="300.0" height="150.0"')


def test_what_does_not_fit_ends_in_an_ellipsis():
    assert len(wrap("word " * 200, INNER)) == 4
    assert wrap("word " * 200, INNER)[-1].endswith("…")
    assert len(cut("w" * 400, 100)) <= 100 / (LETTER * TEXT)
    assert cut("a\nb", 100) == "a b"
