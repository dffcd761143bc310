import re
from html.parser import HTMLParser

import pytest

from pipeline.core.parity_report import ParityReport
from pipeline.parity.page import render_html

ENTRY = {
    "stage": "export",
    "variant": "fp32",
    "case": "rows-1",
    "output": "y",
    "batch": 1,
    "values": 1234,
    "max_abs": 2e-7,
    "max_rel": None,
    "mean_abs": 1e-7,
    "scale": 0.5,
    "tolerance": 1e-5,
    "rtol": 1e-4,
    "required_tolerance": 0.0,
    "used": 0.02,
    "passed": True,
    "problem": "",
}
FAILED = {**ENTRY, "stage": "simplify", "used": 30.0, "passed": False, "problem": "output 'y' <row 3>: expected 1"}
REPORT = {
    "passed": True,
    "gate": "passed",
    "model": "m",
    "onnxruntime": "1.31.1",
    "models": {"export": "a" * 64, "simplify": "b" * 64},
    "contract_sha256": "c" * 64,
    "values": 1234,
    "max_abs": 2e-7,
    "required_tolerance": 0.0,
    "used": 0.02,
    "task": None,
    "comparisons": [ENTRY],
}
TASK = {
    "metric": "accuracy",
    "rows": 1359,
    "eager": 0.97,
    "export": 0.96,
    "simplify": 0.96,
    "budget": 0.015,
    "passed": True,
}


def render(**changes: object) -> str:
    return render_html(ParityReport.model_validate({**REPORT, **changes}))


def page(*comparisons: dict, **changes: object) -> str:
    return render(comparisons=list(comparisons) or [ENTRY], **changes)


class Tags(HTMLParser):
    """Complains of a table, row or cell that is not closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag in ("table", "tr", "td", "th", "div", "svg", "text", "p", "h1", "h2", "footer"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in ("table", "tr", "td", "th", "div", "svg", "text", "p", "h1", "h2", "footer"):
            assert self.open.pop() == tag


@pytest.mark.parametrize("changes", [{}, {"task": TASK}, {"comparisons": []}, {"comparisons": [ENTRY, FAILED]}])
def test_every_tag_is_closed(changes):
    parser = Tags()
    parser.feed(page(**changes) if "comparisons" not in changes else render(**changes))
    assert parser.open == []


def test_nothing_is_loaded_from_elsewhere():
    assert re.findall(r"(?:src|href|url)\s*[=(]|https?:|<script", page(ENTRY, FAILED, task=TASK)) == []


def test_a_gate_that_passed():
    assert "The gate passed.</strong> Every graph answers what PyTorch answered." in page()


def test_a_gate_that_failed_says_why():
    assert "The gate failed.</strong> 1 &lt; 2" in page(FAILED, passed=False, gate="1 < 2")


def test_the_reason_begins_as_a_sentence():
    assert "The gate failed.</strong> Nothing was compared" in page(FAILED, passed=False, gate="nothing was compared")


@pytest.mark.parametrize(
    ("used", "margin", "words"),
    [
        (0.25, 4.0, "; 4 times as much would pass."),
        (0.0000712, 14045.0, "; 14,000 times as much would pass."),
        (71.3, 0.014, "; the worst is 71.3 times what is allowed."),
        (None, None, "Largest difference 2e-07."),
        (0.0, None, "Largest difference 2e-07."),
    ],
)
def test_how_far_the_limit_is(used, margin, words):
    assert words in page(used=used, margin=margin, max_abs=2e-7)


def test_labels_of_a_long_axis_do_not_lie_on_each_other():
    assert page({**ENTRY, "used": 1e12}).count('text-anchor="middle"') <= 9


def test_text_is_escaped():
    made = page({**FAILED, "output": "<script>", "problem": "<b>"}, model="<i>&", passed=False, gate="<u>")
    assert not {"<script>", "<b>", "<i>", "<u>"} & set(re.findall(r"<[^>]*>", made))


def test_the_failed_come_first():
    made = page(ENTRY, FAILED)
    assert made.index('<td class="bad">no</td>') < made.index('<td class="ok">yes</td>')
    assert "output &#x27;y&#x27; &lt;row 3&gt;: expected 1" in made


def test_numbers():
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", page({**ENTRY, "batch": None}))
    assert cells == ["export", "rows-1", "y", "–", "1,234", "2e-07", "–", "1e-07", "0.5", "1e-05", "0", "0.02", "yes"]


def test_the_bar_shows_the_worst_of_each_graph_and_output():
    made = page({**ENTRY, "used": 0.5}, {**ENTRY, "used": 0.1}, {**ENTRY, "stage": "simplify"})
    assert re.findall(r"([\d.]+) %</text>(?=<text|<line[^>]*stroke-width)", made)
    assert made.count("<rect") == 2
    assert ">50 %</text>" in made


def test_a_bar_beyond_the_limit_is_red():
    assert 'fill="var(--bad)"' in page(FAILED)
    assert 'fill="var(--bad)"' not in page()


@pytest.mark.parametrize("used", [0.0, 1e-30, 1.0, 1e12])
def test_every_bar_fits_the_picture(used):
    made = page({**ENTRY, "used": used})
    x, width = map(float, re.search(r'<rect x="([\d.]+)" y="\d+" width="([\d.]+)"', made).groups())
    assert width > 0
    assert x + width <= 740


def test_nothing_to_draw():
    made = page({**ENTRY, "used": None})
    assert "No output has a tolerance above zero: all must be equal." in made
    assert "<svg" not in made


PAIRED = {"changed": 12, "better": 4, "worse": 7, "loss": 0.01, "bound": 0.0155, "bound_of": "worse rows"}


def test_rows_that_changed():
    made = page(task={**TASK, "paired": {"simplify": PAIRED}})
    assert (
        "<td>simplify</td><td>0.9600</td><td>0.01</td><td>12</td><td>4 / 7</td><td>1.55% of rows get worse</td>" in made
    )


def test_the_bound_of_a_metric_of_many_rows_together():
    paired = {**PAIRED, "better": None, "worse": None, "bound": 0.02, "bound_of": "loss"}
    made = page(task={**TASK, "metric": "rmse", "direction": "lower", "paired": {"export": paired}})
    assert "<td>0.9600</td><td>0.01</td><td>12</td><td>–</td><td>loss 0.02</td>" in made
    assert "test rows (lower is better)" in made


def test_the_task():
    made = page(task=TASK)
    assert "Accuracy on 1,359 test rows" in made
    assert re.findall(r"<td>(\w+)</td><td>([\d.]+)</td><td></td><td></td>", made) == [
        ("eager", "0.9700"),
        ("export", "0.9600"),
        ("simplify", "0.9600"),
    ]
    assert "A graph may lose 0.015." in made


def test_what_weakens_the_proof_is_said():
    made = page({**ENTRY, "exempt": "ties"}, exempt={"y": "ties <1>"}, unvarying=["label"])
    assert "<strong>Not judged:</strong> y: ties &lt;1&gt; (parity.exempt)" in made
    assert "<strong>Hardly varies:</strong> label" in made
    assert "<td>exempt</td>" in made
