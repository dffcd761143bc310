import re

from pipeline.core.power_report import PowerReport
from pipeline.parity.power_section import render_power

COUNT = {"tried": 3, "caught": 1, "equivalent": 1, "missed": 1}
SURVIVORS = [
    {
        "kind": "bias",
        "layer": "<b>",
        "change": "all zeros",
        "result": "missed",
        "output": "y",
        "moved": 2e-4,
        "used": 0.5,
    },
    {"kind": "skip", "layer": "n", "change": "c", "result": "equivalent", "output": None, "moved": 0.0, "used": None},
]


def render(**changes: object) -> str:
    report = {**COUNT, "passed": True, "caught_by": {"run": 1}, "kinds": {"bias": COUNT}, "survivors": SURVIVORS}
    report |= {"least_power": 1e-3, "budget": 1e9, "spent": 1e6}
    return "\n".join(render_power(PowerReport.model_validate({**report, **changes})))


def cells(html: str) -> list[str]:
    return re.findall(r"<td>([^<]*)</td>", html)


def test_nothing_where_it_was_not_measured():
    assert list(render_power(None)) == []


def test_the_counts_of_each_kind():
    assert cells(render(survivors=[])) == ["bias", "3", "1", "1", "1"]


def test_every_survivor_with_what_it_moved():
    assert cells(render())[5:] == [
        *("bias: missed", "&lt;b&gt;", "all zeros", "y", "0.0002", "50 %"),
        *("skip: equivalent", "n", "c", "–", "0", "–"),
    ]


def test_every_tag_is_closed():
    html = render()
    for tag in ("table", "tr", "td", "th", "div", "p", "h2"):
        assert len(re.findall(rf"<{tag}[ >]", html)) == html.count(f"</{tag}>")
