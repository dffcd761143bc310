import itertools
import re
from html.parser import HTMLParser

import pytest

import sample_reports as samples
from pipeline.core.dotnet_report import DotnetReport
from pipeline.parity.page.document import render_page
from sample_reports import CLASS, CONFUSION, EVIDENCE, FAILED, HOSTILE, PICTURE, TASK, UNVERIFIED, VALUES, page

VOID = {"meta", "img", "circle", "path", "rect"}
PAGES = {
    "passed": page,
    "task": lambda: page(task=TASK),
    "classes": lambda: page(task=TASK, task_detail=CONFUSION),
    "values": lambda: page(task=TASK, task_detail=VALUES),
    "proof": lambda: page(verified=samples.dotnet()),
    "unverified": lambda: page(verified=DotnetReport.model_validate(UNVERIFIED)),
    "failed": lambda: page(samples.failed()),
    "nothing compared": lambda: page(comparisons=[], evidence=None, power=None, used=None, margin=None, max_abs=None),
    "many outputs": lambda: render_page(*samples.many(200)),
}


class Elements(HTMLParser):
    """Complains of an element that is not closed in its turn; collects ids, headings and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.unnamed: list[str] = []

    def handle_starttag(self, tag, attrs):
        settings = dict(attrs)
        self.ids += [settings["id"]] if "id" in settings else []
        self.headings += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        if tag == "svg" and not settings.get("aria-label"):
            self.unnamed.append(tag)
        if tag == "img" and not settings.get("alt"):
            self.unnamed.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def elements(html: str) -> Elements:
    parser = Elements()
    parser.feed(html)
    return parser


@pytest.mark.parametrize("name", PAGES)
def test_every_element_is_closed(name):
    assert elements(PAGES[name]()).open == []


@pytest.mark.parametrize("name", PAGES)
def test_every_id_is_there_once(name):
    ids = elements(PAGES[name]()).ids
    assert len(ids) == len(set(ids)) > 3


@pytest.mark.parametrize("name", PAGES)
def test_headings_are_in_order(name):
    headings = elements(PAGES[name]()).headings
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(headings))


@pytest.mark.parametrize("name", PAGES)
def test_every_drawing_has_a_name(name):
    assert elements(PAGES[name]()).unnamed == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_loaded_from_elsewhere(name):
    html = PAGES[name]()
    assert re.findall(r"https?:|<script|<link|@import|url\(", html) == []
    assert all(source.startswith("data:image/png;base64,") for source in re.findall(r'src="([^"]*)"', html))


@pytest.mark.parametrize("name", PAGES)
def test_the_same_reports_give_the_same_bytes(name):
    assert PAGES[name]() == PAGES[name]()


def test_sections_stand_in_their_order():
    html = page(task=TASK, verified=samples.dotnet())
    assert elements(html).ids[::2] == [
        *(
            "flow",
            "outputs",
            "answers",
            "rows",
            "task",
            "power",
            "graph",
            "tolerance",
            "comparisons",
            "lineage",
            "dotnet",
        )
    ]


def test_what_is_not_known_has_no_section():
    ids = elements(PAGES["nothing compared"]()).ids
    assert not {"rows", "task", "power", "graph", "dotnet"} & set(ids)


def hostile() -> str:
    """A page whose every text is hostile."""
    views = [{**PICTURE, "name": HOSTILE}, {**PICTURE, "kind": "text", "texts": [HOSTILE, ""], "png": ""}]
    views += [{**PICTURE, "kind": "values", "values": [HOSTILE, "nan", 3], "name": HOSTILE, "png": ""}]
    answer = {**samples.ANSWER, "output": HOSTILE, "expected": [HOSTILE, "inf"], "got": ["nan", HOSTILE]}
    evidence = {
        **EVIDENCE,
        "outputs": {HOSTILE: EVIDENCE["outputs"]["y"]},
        "rows": [{"case": HOSTILE, "row": 0, "inputs": views, "answers": [answer]}],
        "graphs": {HOSTILE: {"nodes": 1, "ops": {HOSTILE: 1}, "initializers": 0, "bytes": 1}},
        "versions": {"torch": HOSTILE},
        "data_sha256": {HOSTILE: HOSTILE},
    }
    survivor = {
        "kind": HOSTILE,
        "layer": HOSTILE,
        "change": HOSTILE,
        "result": "missed",
        "output": HOSTILE,
        "moved": 1.0,
    }
    report = samples.parity(
        passed=False,
        gate=HOSTILE,
        comparisons=[{**FAILED, "stage": HOSTILE, "case": HOSTILE, "output": HOSTILE, "problem": HOSTILE}],
        evidence=evidence,
        exempt={HOSTILE: HOSTILE},
        unvarying=[HOSTILE],
        attribution={"cause": "exporter", "sentence": HOSTILE},
        power={**samples.POWER, "kinds": {HOSTILE: samples.POWER_COUNT}, "survivors": [{**survivor, "used": None}]},
        task={**TASK, "metric": HOSTILE, "problems": {HOSTILE: HOSTILE}},
        task_detail={"classes": [{**CLASS, "label": HOSTILE}], "confusion": [[40]]},
        models={HOSTILE: HOSTILE},
        onnxruntime=HOSTILE,
        runtimes=[
            {"onnxruntime": HOSTILE, "python": HOSTILE, "numpy": "2", "passed": False, "problem": HOSTILE}
            | {"comparisons": 1, "values": 1, "used": None}
        ],
    )
    output = {**samples.TENSOR, "name": HOSTILE, "labels": [HOSTILE]}
    verified = samples.dotnet(
        package=HOSTILE,
        reason=HOSTILE,
        verified=False,
        note=HOSTILE,
        ways=[HOSTILE],
        runtimes=[{"asked": HOSTILE, "onnxruntime": HOSTILE, "verified": False, "reason": HOSTILE}],
    )
    model = samples.contract(name=HOSTILE, description=HOSTILE, outputs=[output])
    return render_page(report, model, verified, departure=[HOSTILE])


def test_every_text_is_escaped():
    html = hostile()
    assert "<script" not in html
    assert html.count("&lt;script&gt;") > 40


def test_a_hostile_page_is_whole():
    assert elements(hostile()).open == []


def test_a_page_of_200_outputs_stays_small():
    assert len(PAGES["many outputs"]()) < 500_000
