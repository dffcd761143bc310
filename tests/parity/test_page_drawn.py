"""What a real Chromium draws of the page, looked at."""

import re

import numpy as np
import pytest
from test_document import PAGES, hostile

import chromium
import sample_reports as samples
from pipeline.parity.page.stylesheet import STYLE
from pipeline.parity.png import draw
from sample_reports import EVIDENCE, PAIRED, PICTURE, TASK, page

pytestmark = pytest.mark.skipif(chromium.find() is None, reason="no Chromium: apt-get install chromium")
WIDTHS = (1200, 700, 390)
# A window of 1280 or 1400 pixels leaves MLflow's pane so much beside its file tree and its assistant.
PANES = (602, 514)
# The lower triangle of 8 x 8 cells is white.
TRIANGLE = np.tri(8)
COLORS = re.findall(r"--([\w-]+): (#\w+)", STYLE.read_text())
LIGHT, DARK = dict(reversed(COLORS[: len(COLORS) // 3])), dict(COLORS[len(COLORS) // 3 : 2 * len(COLORS) // 3])


def color(name: str, *, dark: bool = False) -> np.ndarray:
    digits = (DARK if dark else LIGHT)[name].lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    return np.array([int(digits[place : place + 2], 16) for place in (0, 2, 4)])


def amount(picture: np.ndarray, wanted: np.ndarray) -> int:
    """Pixels of that color, or next to it."""
    return int((np.abs(picture.astype(int) - wanted).max(axis=-1) <= 3).sum())


def cut(picture: np.ndarray, rectangle: list[float]) -> np.ndarray:
    left, top, width, height = (round(number) for number in rectangle)
    return picture[top : top + height, left : left + width]


def full_page() -> str:
    """Every section, and a picture among the worst rows."""
    picture = {**PICTURE, "png": draw(TRIANGLE, 0, 1)}
    row = {"case": "test", "row": 7, "inputs": [picture], "answers": [samples.ANSWER]}
    survivor = {"kind": "rounded", "layer": "encoder.layers.11.attention.output.dense.bias", "result": "equivalent"}
    survivor |= {"change": "value [16464, 12] is -0.016676571, not -0.016666606", "output": "last_hidden_state"}
    power = {**samples.POWER, "survivors": [{**survivor, "moved": 5.13e-6, "used": 0.946}]}
    runtime = {"asked": "bound", "onnxruntime": "1.30.0", "verified": True, "reason": "", "comparisons": 74}
    return page(
        task={**TASK, "paired": {"simplify": PAIRED}},
        power=power,
        evidence={**EVIDENCE, "rows": [row] * 3},
        verified=samples.dotnet(runtimes=[runtime, {**runtime, "asked": "newest", "onnxruntime": "1.31.1"}]),
    )


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {
        "full": full_page(),
        "hostile": hostile(),
        **{name: PAGES[name]() for name in ("failed", "many outputs", "nothing compared")},
    }


@pytest.fixture(scope="module")
def measured(pages, tmp_path_factory) -> dict[str, dict]:
    sized = {f"{name} {width}": (html, width) for name, html in pages.items() for width in WIDTHS + PANES}
    return chromium.measure(sized, tmp_path_factory.mktemp("measured"))


@pytest.fixture(scope="module")
def drawn(measured, tmp_path_factory) -> dict[tuple[int, bool], np.ndarray]:
    folder = tmp_path_factory.mktemp("drawn")
    return {
        (width, dark): chromium.draw(full_page(), width, measured[f"full {width}"]["height"], folder, dark=dark)
        for width in WIDTHS
        for dark in (False, True)
    }


@pytest.mark.parametrize("width", WIDTHS + PANES)
@pytest.mark.parametrize("name", ["full", "failed", "hostile", "many outputs", "nothing compared"])
def test_no_page_scrolls_sideways(name, width, measured):
    assert (measured[f"{name} {width}"]["overflow"], measured[f"{name} {width}"]["outside"]) == (0, [])


@pytest.mark.parametrize("width", WIDTHS + PANES)
@pytest.mark.parametrize("name", ["full", "failed", "hostile", "many outputs", "nothing compared"])
def test_no_table_is_cut_or_scrolls_but_that_of_every_comparison(name, width, measured):
    assert measured[f"{name} {width}"]["cut"] == []


@pytest.mark.parametrize(("width", "heads"), [(390, 0), (514, 0), (602, 1), (1200, 1)])
def test_on_a_phone_a_table_is_cards(width, heads, measured):
    assert (measured[f"full {width}"]["heads"] > 0) == heads


@pytest.mark.parametrize("width", WIDTHS)
def test_every_picture_is_read(width, measured):
    assert (len(measured[f"full {width}"]["pictures"]), measured[f"full {width}"]["broken"]) == (3, 0)


def test_many_outputs_are_folded(measured):
    assert measured["many outputs 700"]["folded"] >= 3


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_paper_is_as_light_or_dark_as_the_reader_has_it(width, dark, drawn):
    picture = drawn[width, dark]
    assert amount(picture, color("paper", dark=dark)) > 0.4 * picture[..., 0].size


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_drawn_at_the_right_edge(width, dark, drawn):
    edge = drawn[width, dark][:, -8:]
    assert amount(edge, color("paper", dark=dark)) == edge[..., 0].size


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_verdict_is_seen_first_and_is_green(width, dark, drawn, measured):
    rectangle = measured[f"full {width}"]["verdict"]
    verdict = cut(drawn[width, dark], rectangle)
    assert rectangle[1] < 40
    assert amount(verdict, color("ok-pale", dark=dark)) > 0.6 * verdict[..., 0].size
    assert amount(verdict, color("ok", dark=dark)) > 150


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_pixels_of_a_row_are_drawn_as_a_picture(width, dark, drawn, measured):
    seen = cut(drawn[width, dark], measured[f"full {width}"]["pictures"][0])
    centers = [round((place + 0.5) * len(seen) / 8) for place in range(8)]
    assert (seen[np.ix_(centers, centers)][..., 1] > 128).tolist() == TRIANGLE.astype(bool).tolist()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
def test_the_histogram_has_columns_and_a_limit(width, dark, drawn, measured):
    chart = cut(drawn[width, dark], measured[f"full {width}"]["charts"][0])
    assert amount(chart, color("accent", dark=dark)) > 200
    reddish = chart[..., 0].astype(int) - chart[..., 2] > 60
    assert reddish.any(axis=1).mean() > 0.5


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("chart", [1, 2])
def test_every_sampled_value_is_a_dot(chart, width, dark, drawn, measured):
    seen = cut(drawn[width, dark], measured[f"full {width}"]["charts"][chart]).astype(int)
    blue = seen[..., 2] - seen[..., 0] > 40
    assert blue.sum() > 15


def test_a_failed_gate_is_red(pages, measured, tmp_path):
    rectangle = measured["failed 700"]["verdict"]
    verdict = cut(chromium.draw(pages["failed"], 700, 1000, tmp_path), rectangle)
    assert amount(verdict, color("bad-pale")) > 0.6 * verdict[..., 0].size
    assert amount(verdict, color("ok")) == 0


def test_it_is_printed_on_a_few_pages(pages, tmp_path):
    assert 2 <= chromium.print_pages(pages["full"], tmp_path) <= 12


def test_many_outputs_are_not_a_book(pages, tmp_path):
    assert chromium.print_pages(pages["many outputs"], tmp_path) <= 20
