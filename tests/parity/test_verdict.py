import pytest

import sample_reports as samples
from pipeline.core.dotnet_report import DotnetReport
from pipeline.parity.page.verdict import judge, render_verdict
from sample_reports import COMPARISON, TASK, UNVERIFIED


def top(report=None, verified=None, departure=()) -> str:
    return render_verdict(report or samples.parity(), samples.contract(), verified, departure)


def test_a_gate_that_passed():
    assert judge(samples.parity(), None) == ("ok", "Every graph answers what PyTorch answered")


def test_a_gate_that_failed_names_the_graph():
    assert judge(samples.failed(), None) == ("bad", "simplify does not answer what PyTorch answered")


def test_two_graphs_that_failed():
    both = samples.failed(comparisons=[{**samples.FAILED, "stage": stage} for stage in ("export", "simplify")])
    assert judge(both, None)[1] == "export and simplify do not answer what PyTorch answered"


def test_a_gate_without_power():
    weak = samples.parity(passed=False, power={**samples.POWER, "passed": False})
    assert judge(weak, None) == ("bad", "The gate would not notice a wrong graph")


def test_a_task_that_gets_worse():
    worse = samples.parity(passed=False, task={**TASK, "passed": False})
    assert judge(worse, None) == ("bad", "The accuracy gets worse by more than its budget")


def test_nothing_that_was_compared():
    assert judge(samples.parity(passed=False, comparisons=[]), None) == ("bad", "The gate failed")


def test_a_proof():
    kind, sentence = judge(samples.parity(), samples.dotnet())
    assert (kind, sentence.endswith("and so does the package in .NET")) == ("ok", True)


def test_a_proof_that_failed():
    assert judge(samples.parity(), samples.dotnet(verified=False))[0] == "bad"


def test_no_proof_is_neither():
    assert judge(samples.parity(), DotnetReport.model_validate(UNVERIFIED))[0] == "note"


# No NuGet source has the package's lower bound; what ran above it is right.
NEAREST = {
    "verified": False,
    "reason": "the bound 1.18.1 is in no source: `python -m pipeline params`",
    "runtimes": [
        {"asked": "bound", "onnxruntime": None, "verified": False, "reason": "no such package"},
        {"asked": "nearest", "onnxruntime": "1.30.0", "verified": True, "reason": "", "comparisons": 1},
    ],
}


def test_a_bound_that_could_not_be_run_is_neither():
    kind, words = judge(samples.parity(), samples.dotnet(**NEAREST))
    assert (kind, words.endswith("in .NET the version that consumers get was not run")) == ("note", True)


def test_a_bound_that_could_not_be_run_says_why_and_what_ran():
    html = top(verified=samples.dotnet(**NEAREST))
    assert "The bound 1.18.1 is in no source: <code>python -m pipeline params</code>" in html
    assert "what ran is right: 1,456 rows, 4 threads, onnxruntime 1.30.0" in html


def test_every_version_that_was_verified_is_said():
    runtimes = [
        {"asked": asked, "onnxruntime": version, "verified": True, "reason": "", "comparisons": 1}
        for asked, version in (("bound", "1.30.0"), ("newest", "1.31.1"))
    ]
    assert "onnxruntime 1.30.0 and 1.31.1" in top(verified=samples.dotnet(runtimes=runtimes))


def test_the_runtimes_of_python_are_said():
    replay = {"onnxruntime": "1.18.1", "python": "3.11", "numpy": "1.26", "passed": True, "problem": ""}
    report = samples.parity(runtimes=[{**replay, "comparisons": 1, "values": 1, "used": None}])
    assert "in onnxruntime 1.31.1 and 1.18.1" in top(report)


def test_the_largest_difference_says_of_which_output():
    assert "of y, 1,234 values compared" in top()


def test_what_departs_without_the_optimizer_alone_is_a_remark():
    html = top(samples.parity(unoptimized=[{**samples.FAILED, "optimizer": "off"}]))
    assert '<p class="remark">Without onnxruntime&#x27;s optimizer: simplify departs in 1 comparison (' in html


def test_no_proof_says_why():
    assert "Not verified in .NET: there is no SDK" in top(verified=DotnetReport.model_validate(UNVERIFIED))


def test_the_reason_begins_as_a_sentence():
    assert "Nothing was compared" in top(samples.parity(passed=False, gate="nothing was compared", comparisons=[]))


def test_the_attribution_is_the_first_sentence():
    failed = samples.failed(attribution={"cause": "simplifier", "sentence": "The simplifier did it."})
    html = top(failed)
    assert 0 < html.index("The simplifier did it.") < html.index("1 of 2 failed")


def test_the_attribution_of_dotnet():
    verified = samples.dotnet(verified=False, attribution={"cause": "dotnet", "sentence": "Only .NET departs."})
    assert "Only .NET departs." in top(verified=verified)


def test_where_it_began_is_said_line_by_line():
    html = top(samples.failed(), departure=["node Conv_3", "models/a.py:12"])
    assert "<li>node Conv_3</li><li>models/a.py:12</li>" in html
    assert "pipeline locate" not in html


def test_without_a_location_the_command_is_said():
    assert "python -m pipeline locate" in top(samples.failed())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"used": 0.25, "margin": 4.0}, "a difference 4 times as large would still pass."),
        ({"used": 0.0, "margin": None}, ": all are equal."),
        ({"used": None, "margin": None, "max_abs": 0.0}, ": all are equal."),
    ],
)
def test_how_far_the_limit_is(changes, words):
    assert words in top(samples.parity(**changes))


def test_the_numbers_that_matter():
    html = top(samples.parity(task=TASK, comparisons=[COMPARISON]), samples.dotnet())
    for part in (
        "2 %",
        "50 times as much would pass",
        "2×10⁻⁷",
        "1 of 3",
        "mutants caught, 1 missed",
        "0.96",
        "verified",
    ):
        assert part in html
