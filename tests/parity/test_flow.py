import pytest

import sample_reports as samples
from pipeline.core.dotnet_report import DotnetReport
from pipeline.parity.page.flow import find_steps, render_flow
from sample_reports import COMPARISON, FAILED, UNVERIFIED

REPLAY = {"python": "3.11", "numpy": "1.26", "problem": "", "comparisons": 9, "values": 1, "used": 0.5}


def steps(report=None, verified=None) -> list[tuple[str, str]]:
    return [(step.name, step.kind) for step in find_steps(report or samples.parity(), samples.contract(), verified)]


def notes(name: str, report=None, verified=None) -> list[str]:
    found = find_steps(report or samples.parity(), samples.contract(), verified)
    return next(list(step.notes) for step in found if step.name == name)


def test_before_verify():
    assert steps() == [("PyTorch", "ok"), ("export", "ok"), ("simplify", "ok"), (".NET", "none")]


def test_a_graph_that_failed_and_one_that_did_not_run():
    assert steps(samples.failed(comparisons=[{**FAILED, "stage": "export"}]))[1:3] == [
        ("export", "bad"),
        ("simplify", "none"),
    ]


def test_a_gate_that_failed_has_no_dotnet():
    assert notes(".NET", samples.failed()) == ["not run: the gate failed"]


def test_a_variant_is_a_step():
    assert ("simplify (int8)", "ok") in steps(
        samples.parity(comparisons=[{**COMPARISON, "stage": "simplify", "variant": "int8"}])
    )


def test_other_runtimes_are_steps_of_their_own():
    compared = [COMPARISON, {**FAILED, "runtime": "1.18.1"}]
    replays = [
        {"onnxruntime": "1.18.1", "passed": False, **REPLAY},
        {"onnxruntime": "1.20.0", "passed": True, **REPLAY},
    ]
    report = samples.parity(comparisons=compared, runtimes=replays)
    drawn = steps(report)
    assert drawn[2:5] == [("simplify", "none"), ("runtime", "bad"), ("runtime", "ok")]
    assert notes("runtime", report) == ["onnxruntime 1.18.1", "Python 3.11", "9 comparisons", "50 % of tolerance"]


def test_the_optimizer_off_is_said_where_it_was_tried():
    off = {**FAILED, "optimizer": "off"}
    assert "optimizer off ✗" in notes("simplify", samples.parity(unoptimized=[off]))
    assert not any("optimizer" in note for note in notes("export", samples.parity(unoptimized=[off])))


def test_dotnet():
    assert steps(verified=samples.dotnet())[-1] == (".NET", "ok")
    assert notes(".NET", verified=samples.dotnet()) == ["onnxruntime 1.31.1", "1 of 1 passed"]


def test_dotnet_that_failed():
    compared = [{**FAILED, "stage": "dotnet"}]
    assert steps(verified=samples.dotnet(verified=False, comparisons=compared))[-1][1] == "bad"


def test_dotnet_that_did_not_run_says_why():
    verified = DotnetReport.model_validate(UNVERIFIED)
    assert steps(verified=verified)[-1] == (".NET", "none")
    assert notes(".NET", verified=verified) == ["", "not run: there is no SDK"]


def test_every_version_in_dotnet():
    runtimes = [
        {"asked": "bound", "onnxruntime": "1.30.0", "verified": True, "reason": "", "comparisons": 9},
        {"asked": "newest", "onnxruntime": "1.31.1", "verified": False, "reason": "differs", "comparisons": 9},
        {"asked": "1.18", "onnxruntime": None, "verified": False, "reason": "no such package"},
    ]
    found = list(find_steps(samples.parity(), samples.contract(), samples.dotnet(runtimes=runtimes)))[-3:]
    assert [(step.kind, *step.notes) for step in found] == [
        ("ok", "onnxruntime 1.30.0", "9 comparisons", ""),
        ("bad", "onnxruntime 1.31.1", "9 comparisons", "differs"),
        ("none", "onnxruntime 1.18", "", "no such package"),
    ]


def test_a_bound_that_was_not_run_is_named():
    runtimes = [{"asked": "bound", "onnxruntime": None, "verified": False, "reason": "word " * 40}]
    _, *notes = list(find_steps(samples.parity(), samples.contract(), samples.dotnet(runtimes=runtimes)))[-1]
    assert notes == [".NET", ["lower bound", "", ("word " * 12) + "…"]]


def test_versions_stand_beside_each_other():
    runtimes = [
        {"asked": asked, "onnxruntime": asked, "verified": True, "reason": "", "comparisons": 9}
        for asked in ("1.30.0", "1.31.1")
    ]
    html = render_flow(samples.parity(), samples.contract(), samples.dotnet(runtimes=runtimes))
    assert [html.count('class="ok leads"'), html.count('class="ok"')] == [3, 2]


@pytest.mark.parametrize(("used", "words"), [(0.25, "25 % of tolerance"), (30.0, "30 times the tolerance")])
def test_how_much_of_the_tolerance(used, words):
    assert words in notes("export", samples.parity(comparisons=[{**COMPARISON, "used": used}]))


def test_a_step_has_its_mark_in_words():
    html = render_flow(samples.failed(), samples.contract(), None)
    assert [html.count(f'aria-label="{word}"') for word in ("passed", "failed", "not run")] == [2, 1, 1]
