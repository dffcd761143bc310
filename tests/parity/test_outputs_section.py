import re

import sample_reports as samples
from pipeline.parity.page.outputs_section import render_outputs
from sample_reports import COMPARISON, FAILED


def outputs(report=None, verified=None, model=None) -> str:
    return render_outputs(report or samples.parity(), model or samples.contract(), verified)


def cells(html: str) -> list[str]:
    """What the cells of the body say, without their markup."""
    body = html.partition("<tbody>")[2]
    return [re.sub("<[^>]*>", " ", cell).split() for cell in re.findall(r"<td[^>]*>(.*?)</td>", body)]


def test_scale_tolerance_difference_share_margin_and_mutants():
    assert cells(outputs()) == [
        ["0.5"],
        ["1×10⁻⁵", "rtol", "1×10⁻⁴"],
        ["2×10⁻⁷"],
        ["2", "%", "margin", "50", "times"],
        ["1"],
    ]


def test_an_output_that_must_be_equal():
    exact = {**COMPARISON, "used": None, "scale": None, "tolerance": 0.0, "max_abs": 0.0}
    assert cells(outputs(samples.parity(comparisons=[exact])))[:4] == [["–"], ["must", "be", "equal"], ["0"], ["–"]]


def test_what_failed_comes_first_with_its_worst_problem():
    worse = {**FAILED, "case": "test", "used": 90.0, "problem": "much <worse>"}
    report = samples.failed(comparisons=[{**COMPARISON, "output": "a"}, FAILED, worse])
    html = outputs(report)
    assert html.index("<code>y</code>") < html.index("<code>a</code>")
    assert "simplify, call test: much &lt;worse&gt; (and 1 more)" in html


def test_another_shape_is_worse_than_any_number():
    shape = {**FAILED, "used": None, "max_abs": None, "problem": "expected shape [2], got [3]"}
    assert "expected shape [2], got [3]" in outputs(samples.failed(comparisons=[FAILED, shape]))


def test_what_failed_before_any_output_was_compared_has_a_row():
    contract = {**FAILED, "output": "(contract)", "used": None, "max_abs": None}
    assert "<code>(contract)</code>" in outputs(samples.failed(comparisons=[contract]))


def test_what_weakens_the_proof_is_said():
    report = samples.parity(comparisons=[{**COMPARISON, "exempt": "ties"}], exempt={"y": "ties <1>"}, unvarying=["y"])
    html = outputs(report)
    assert "Not judged: </strong><code>y</code>: ties &lt;1&gt; (parity.exempt)" in html
    assert "Hardly varies: </strong><code>y</code>" in html
    assert "not judged · hardly varies" in html


def test_the_share_used_in_dotnet_stands_below_that_in_python():
    compared = [{**COMPARISON, "stage": "dotnet", "used": 0.5}]
    shares = cells(outputs(verified=samples.dotnet(comparisons=compared)))
    assert shares[3] == ["2", "%", "margin", "2", "times", "in", ".NET", "50", "%"]


def test_many_outputs_fold():
    report, model = samples.many(200)
    assert "<summary>188 more</summary>" in outputs(report, model=model)
