"""The sections that are tables: task, power, graph, tolerance, comparisons, lineage, .NET."""

import re

import pytest

import sample_reports as samples
from pipeline.core.power_report import PowerReport
from pipeline.parity.page.comparisons_section import MOST, render_comparisons
from pipeline.parity.page.dotnet_section import render_dotnet
from pipeline.parity.page.graph_section import render_graph
from pipeline.parity.page.lineage_section import render_lineage
from pipeline.parity.page.power_section import render_power
from pipeline.parity.page.task_section import render_task
from pipeline.parity.page.tolerance_section import render_tolerance
from sample_reports import COMPARISON, EVIDENCE, FAILED, PAIRED, POWER, TASK

SURVIVOR = {"kind": "bias", "layer": "conv", "change": "all zeros", "output": "y", "moved": 2e-4, "used": 0.5}


def lines(html: str) -> list[str]:
    """What each row of each body says."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", "".join(re.findall(r"<tbody>(.*?)</tbody>", html)))
    return [" ".join(re.sub("<[^>]*>", " ", row).split()) for row in rows]


def facts(html: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>([^<]*)</dt><dd>(?:<code>)?([^<]*)", html))


def test_the_task_of_every_graph():
    html = render_task(samples.parity(task={**TASK, "paired": {"simplify": PAIRED}}), None)
    assert lines(html) == [
        "PyTorch 0.97 – – – –",
        "export 0.96 – – – –",
        "simplify 0.96 0.01 12 4 / 7 1.55 %",
    ]
    assert "On 1,359 test rows; higher is better. A graph may lose 0.015 at most. The last column" in html
    assert ">worse rows, at most</th>" in html


def test_the_bound_of_a_metric_of_many_rows_together():
    paired = {**PAIRED, "better": None, "worse": None, "bound": 0.02, "bound_of": "loss"}
    task = {**TASK, "metric": "rmse", "direction": "lower", "paired": {"export": paired}}
    html = render_task(samples.parity(task=task), None)
    assert "export 0.96 0.01 12 – 0.02" in lines(html)
    assert ">loss, at most</th>" in html


def test_a_graph_without_a_metric_says_why():
    task = {**TASK, "simplify": None, "problems": {"simplify": "no answers"}, "passed": False}
    html = render_task(samples.parity(task=task), None)
    assert "simplify: no answers" in html
    assert "simplify – – – – –" in lines(html)


def test_the_task_in_dotnet():
    verified = samples.dotnet(task={"metric": "accuracy", "rows": 9, "eager": 0.97, "dotnet": 0.95, "paired": PAIRED})
    assert lines(render_task(samples.parity(task=TASK), verified))[-1].startswith(".NET 0.95 0.01 12 4 / 7")


def test_no_task():
    assert render_task(samples.parity(), None) is None


def power(**changes: object) -> str:
    return render_power(PowerReport.model_validate({**POWER, **changes}))


def test_the_power_by_kind():
    assert lines(power()) == ["bias 3 1 1 1"]


def test_every_survivor_with_what_it_moved():
    html = power(survivors=[{**SURVIVOR, "result": "missed"}])
    assert lines(html)[1:] == ["bias: missed conv all zeros y 2×10⁻⁴ 50 %"]


def test_a_graph_that_cannot_be_broken():
    assert "Not measured" in power(tried=0)


def test_power_that_was_not_measured():
    assert render_power(None) is None


def test_only_operators_that_changed_are_drawn_the_most_first():
    html = render_graph(samples.parity())
    assert lines(html) == ["nodes 9 3", "initializers 4 3", "size 12.3 kB 999 bytes", "Cast 7 0", "Relu 0 1"]
    assert "Unchanged: Conv 2." in html


def test_a_graph_that_did_not_change():
    same = {"nodes": 2, "ops": {"Conv": 2}, "initializers": 1, "bytes": 9}
    html = render_graph(samples.parity(evidence={**EVIDENCE, "graphs": {"traced": same, "simplify": same}}))
    assert "Operators whose number changed" not in html


def test_a_report_without_counts():
    assert render_graph(samples.parity(evidence=None)) is None


def test_the_formula_with_this_models_numbers():
    html = render_tolerance(samples.parity(), samples.contract())
    assert lines(html) == ["y 0.5 4×10⁻⁷ 1×10⁻⁵ 1×10⁻⁴ 6×10⁻⁵"]
    assert "an answer of 0.5 may differ by 1×10⁻⁵ + 1×10⁻⁴ · 0.5 = 6×10⁻⁵; an answer of 0 by 1×10⁻⁵." in html


@pytest.mark.parametrize("entry", [{**COMPARISON, "used": None}, {**COMPARISON, "scale": 0.0}], ids=["exact", "zero"])
def test_no_example_where_there_is_no_scale(entry):
    assert "Here, for" not in render_tolerance(samples.parity(comparisons=[entry]), samples.contract())


def test_comparisons_are_folded_by_graph_and_those_that_failed_come_first_and_open():
    html = render_comparisons(samples.failed(), None)
    assert re.findall(r"<details( open=\"open\")?><summary><strong>([^<]*)", html) == [
        (' open="open"', "simplify"),
        ("", "export"),
    ]
    assert "output &#x27;y&#x27; &lt;row 3&gt;: expected 1" in html


def test_groups_by_variant_runtime_way_and_optimizer():
    compared = [{**COMPARISON, "variant": "int8"}, {**COMPARISON, "runtime": "1.18.1"}]
    report = samples.parity(comparisons=compared, unoptimized=[{**COMPARISON, "optimizer": "off"}])
    names = re.findall(r"<strong>([^<]*)", render_comparisons(report, samples.dotnet()))
    assert names == ["export, int8", "export, onnxruntime 1.18.1", "export, optimizer off", ".NET, batch"]


def test_one_comparison():
    html = render_comparisons(samples.parity(comparisons=[COMPARISON]), None)
    assert lines(html) == ["rows-1 y 1 1,234 2×10⁻⁷ 0.5 1×10⁻⁵ 2 % passed"]


def test_a_comparison_of_what_must_be_equal_and_one_that_is_not_judged():
    compared = [{**COMPARISON, "batch": None, "used": None}, {**COMPARISON, "exempt": "ties"}]
    first, second = lines(render_comparisons(samples.parity(comparisons=compared), None))
    assert first.startswith("rows-1 y – 1,234")
    assert first.endswith("equal – passed")
    assert second.endswith("exempt")


def test_of_very_many_comparisons_the_failed_and_the_worst_are_shown():
    many = [{**COMPARISON, "case": f"call-{number}", "used": number / 1000} for number in range(MOST + 50)]
    html = render_comparisons(samples.failed(comparisons=[*many, {**FAILED, "stage": "export", "case": "last"}]), None)
    assert len(re.findall(r'scope="row"', html)) == MOST
    assert html.index(">last<") < html.index(f">call-{MOST + 49}<")
    assert "51 more are in reports/parity.json." in html


def test_nothing_compared():
    assert "Nothing was compared." in render_comparisons(samples.parity(comparisons=[]), None)


def test_versions_and_hashes():
    found = facts(render_lineage(samples.parity(), samples.contract(), samples.dotnet()))
    assert {key: found[key] for key in ("torch", "onnxruntime", "opset", ".NET SDK")} == {
        "torch": "2.13.0",
        "onnxruntime": "1.31.1",
        "opset": "20",
        ".NET SDK": "10.0.401",
    }
    assert [
        found[key][0] for key in ("weights", "configuration", "data, test", "contract", "graph of export", "package")
    ] == list("124cad")


def test_lineage_without_dotnet():
    assert not {".NET SDK", "package"} & set(facts(render_lineage(samples.parity(), samples.contract(), None)))


def test_what_was_proven_in_dotnet_and_what_is_untried():
    html = render_dotnet(samples.dotnet())
    assert "in .NET 10.0.12 with onnxruntime 1.31.1" in html
    assert "Untried: every other version" in html
    assert facts(html)["ways in"] == "row, batch"


def test_every_version_of_onnxruntime_in_dotnet():
    runtimes = [
        {
            "asked": "bound",
            "onnxruntime": "1.30.0",
            "verified": True,
            "reason": "",
            "comparisons": 9,
            "values": 99,
            "used": 0.5,
        },
        {"asked": "1.18", "onnxruntime": None, "verified": False, "reason": "no such package"},
    ]
    html = render_dotnet(samples.dotnet(runtimes=runtimes))
    assert lines(html) == ["lower bound 1.30.0 verified 9 99 50 %", "1.18 – untried 0 0 –", "No such package"]
    assert "with onnxruntime 1.30.0 on" in html


def test_texts_in_dotnet():
    texts = {"ways": ["text"], "texts": 1367, "tokens": 9000, "mismatches": 0, "least_cosine": 0.999999999}
    found = facts(render_dotnet(samples.dotnet(texts=texts)))
    assert found["texts"] == "1,367 with 9,000 tokens, 0 with other tokens, smallest cosine 0.999999999"


def test_no_dotnet_says_why():
    assert "Not verified in .NET: there is no SDK." in render_dotnet(
        samples.dotnet(verified=False, reason="there is no SDK")
    )


def test_before_verify_there_is_no_dotnet():
    assert render_dotnet(None) is None
