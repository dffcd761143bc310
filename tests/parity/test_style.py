"""The page's colors: dark ones for a dark reader, paper's for paper, and every text can be read on what it lies on."""

import re

import pytest

from pipeline.parity.page.stylesheet import STYLE

BLOCKS = re.findall(r":root \{([^}]*)\}", STYLE.read_text())
LIGHT, DARK, PAPER = (dict(re.findall(r"--([\w-]+): (#\w+)", block)) for block in BLOCKS)


def luminance(color: str) -> float:
    digits = color.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK, PAPER], ids=["light", "dark", "paper"])
@pytest.mark.parametrize("ground", ["paper", "card", "ok-pale", "bad-pale", "note-pale"])
@pytest.mark.parametrize("text", ["ink", "quiet", "ok", "bad", "note", "accent"])
def test_text_can_be_read(text, ground, scheme):
    assert contrast(scheme[text], scheme[ground]) >= 4.5


def test_every_scheme_has_every_color():
    assert set(LIGHT) == set(DARK) == set(PAPER)


def test_paper_is_white():
    assert PAPER["paper"] == "#fff"
