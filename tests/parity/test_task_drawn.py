"""What a real Chromium draws of the task by class and by value, looked at."""

import numpy as np
import pytest
from test_document import PAGES
from test_page_drawn import amount, color, cut

import chromium
from sample_reports import CLASS, TASK, page

pytestmark = pytest.mark.skipif(chromium.find() is None, reason="no Chromium: apt-get install chromium")
WIDTHS = (1400, 1200, 700, 602, 514, 390)


def many_classes() -> str:
    names = [f"a class with a long name, number {number}" for number in range(50)]
    classes = [{**CLASS, "label": name} for name in names]
    return page(task=TASK, task_detail={"classes": classes, "confusion": np.diag([40] * 50).tolist()})


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {"classes": PAGES["classes"](), "values": PAGES["values"](), "many classes": many_classes()}


@pytest.fixture(scope="module")
def measured(pages, tmp_path_factory) -> dict[str, dict]:
    sized = {f"{name} {width}": (html, width) for name, html in pages.items() for width in WIDTHS}
    return chromium.measure(sized, tmp_path_factory.mktemp("measured"))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["classes", "values", "many classes"])
def test_nothing_is_cut_or_sticks_out(name, width, measured):
    seen = measured[f"{name} {width}"]
    assert (seen["overflow"], seen["outside"], seen["cut"]) == (0, [], [])


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1400, 390])
def test_the_diagonal_is_blue_and_an_empty_cell_is_not(width, dark, measured, pages, tmp_path):
    seen = measured[f"classes {width}"]
    picture = chromium.draw(pages["classes"], width, seen["height"], tmp_path, dark=dark)
    chart = cut(picture, seen["charts"][-1]).astype(int)
    assert (chart[..., 2] - chart[..., 0] > 40).mean() > 0.05
    assert (chart[..., 0] - chart[..., 2] > 15).mean() > 0.02
    assert amount(chart, color("paper", dark=dark)) > 0.2 * chart[..., 0].size
