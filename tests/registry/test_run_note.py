"""What a person sees first of a run."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from pipeline.core.contract import load_contract
from pipeline.core.dotnet_report import DotnetReport, DotnetTask
from pipeline.core.parity_report import ParityReport
from pipeline.core.paths import PARITY_PAGE
from pipeline.core.reports import ExportReport, SimplifyReport, read_report
from pipeline.dotnet.nuget.code_lines import LONGEST_LINE
from pipeline.dotnet.nuget.manifest import read_package
from pipeline.registry.run_content import Evidence
from pipeline.registry.run_lifecycle import ORIGIN_TAG
from pipeline.registry.run_note import (
    LONGEST_NAME,
    LONGEST_NOTE,
    NOTE_TAG,
    Place,
    list_tags,
    log_note,
    name_run,
    shorten,
    space_tables,
    write_note,
)

PLACE = Place("1", "abc", "digits", "3")
WEIGHTS = "3f9c2a7" + "0" * 57


@pytest.fixture
def evidence(digits) -> Evidence:
    reports = (read_report(kind) for kind in (ExportReport, SimplifyReport, ParityReport, DotnetReport))
    return Evidence(load_contract(), *reports, read_package())


def verify(evidence: Evidence, **changes: object) -> Evidence:
    report = {"verified": True, "reason": "", "runtime": ".NET 10", **changes}
    return replace(evidence, dotnet=evidence.dotnet.model_copy(update=report))


def test_a_run_of_the_presets_has_the_model_s_name_and_the_weights(params):
    assert name_run(params(), WEIGHTS) == "digits 3f9c2a7"


def test_a_name_says_what_was_set(params):
    assert (
        name_run(params("train.epochs=5", "model.net.kwargs.width=16"), WEIGHTS) == "digits width=16 epochs=5 3f9c2a7"
    )


def test_before_there_are_weights_a_name_has_no_hash(params):
    assert name_run(params("train.epochs=5"), None) == "digits epochs=5"


def test_changes_that_do_not_fit_are_counted(params):
    many = [
        f"train.{name}"
        for name in ("epochs=5", "batch_size=16", "lr=0.1", "weight_decay=0.5", "warmup=0.5", "patience=3")
    ]
    name = name_run(params(*many, "seed=12345", "model.net.kwargs.dropout=0.5"), WEIGHTS)
    assert len(name) <= LONGEST_NAME
    assert name.endswith(" +2 3f9c2a7")


def test_tags(evidence):
    assert list_tags(evidence) == {
        "model": "digits",
        "gate": "passed",
        "dotnet.verified": "false",
        "exporter": "dynamo",
        "opset": "20",
    }


def test_the_verdict_comes_first(evidence):
    note = write_note(verify(evidence), PLACE)
    assert note.startswith("**Passed: graph and package answer what PyTorch answered, the package in .NET 10.**\n")


def test_the_verdict_says_where_nobody_looked(evidence):
    first = write_note(evidence, PLACE).partition("\n")[0]
    assert first == (
        f"**Passed: the graph answers what PyTorch answered; the package was not verified in .NET ({evidence.dotnet.reason}).**"
    )


def test_the_task_s_metric_in_every_place(evidence):
    task = evidence.parity.task
    proven = DotnetTask(metric="accuracy", rows=359, eager=0.5, dotnet=0.25)
    note = write_note(verify(evidence, task=proven), PLACE).splitlines()
    assert "| on 359 test rows | eager | graph | .NET |" in note
    assert f"| accuracy | {task.eager:.4f} | {task.simplify:.4f} | 0.2500 |" in note


def test_a_metric_that_was_not_measured_in_dotnet(evidence):
    (row,) = (line for line in write_note(evidence, PLACE).splitlines() if line.startswith("| accuracy"))
    assert row.endswith(" | – |")


def test_no_table_of_scores_without_a_task(evidence):
    without = replace(evidence, parity=evidence.parity.model_copy(update={"task": None}))
    assert "test rows" not in write_note(without, PLACE)


def test_the_numbers_that_one_asks_for_first(evidence):
    parity = evidence.parity.model_copy(update={"margin": 3.349})
    note = write_note(replace(evidence, parity=parity), PLACE).splitlines()
    names = [line.split(" | ")[0].removeprefix("| ") for line in note if line.startswith("| ")]
    assert names[2:] == ["what", "margin", "power", "size", "opset", "onnxruntime", "package"]
    assert "| margin | 3.3 times the largest difference would have passed |" in note


def test_links_lead_to_report_package_card_and_version(evidence):
    note = write_note(evidence, PLACE)
    run = "#/experiments/1/runs/abc/artifacts"
    for path in (PARITY_PAGE.as_posix(), evidence.manifest.path.as_posix(), "model_card.md"):
        assert f"({run}/{path}?workflowType=machine_learning)" in note
    assert "[version 3 of digits](#/models/digits/versions/3?workflowType=machine_learning)" in note


def test_how_csharp_and_python_use_the_package(evidence):
    note = write_note(evidence, PLACE)
    assert f"dotnet add package Digits --version {evidence.manifest.version} --source FOLDER\n" in note
    assert "using var model = Digits.Load();\n" in note
    assert 'outputs = session.run(None, {"pixels": pixels})  # pixels: float32 [batch, 8, 8]\n' in note


def test_the_run_that_trained_is_linked_where_a_tag_names_it(evidence):
    logged: dict[str, str] = {}
    client = SimpleNamespace(
        get_run=lambda _: SimpleNamespace(data=SimpleNamespace(tags={ORIGIN_TAG: "fedcba9876543210"})),
        log_batch=lambda _, tags: logged.update({tag.key: tag.value for tag in tags}),
    )
    log_note(client, "abc", evidence, PLACE)
    assert "Trained in run [fedcba98](#/experiments/1/runs/fedcba9876543210?workflow" in logged[NOTE_TAG]
    assert logged["model"] == "digits"
    assert logged[NOTE_TAG].endswith("](get-artifact?run_uuid=abc&path=pictures/light/worst-rows.png)")


def test_no_run_is_linked_where_none_is_named(evidence):
    assert "Trained in" not in write_note(evidence, PLACE)


def test_no_line_of_the_note_s_code_is_too_long(evidence):
    _, *blocks = write_note(evidence, PLACE).split("```")
    assert max(len(line) for block in blocks[::2] for line in block.splitlines()) <= LONGEST_LINE


def test_pictures_come_last():
    assert shorten("words", ["![a](a)", "![b](b)"]) == "words\n\n![a](a)\n\n![b](b)"


def test_a_picture_without_room_is_left_out():
    note = "x" * (LONGEST_NOTE - 10)
    assert shorten(note, ["![too long](a)", "![b](b)"]) == f"{note}\n\n![b](b)"


def test_a_long_note_is_cut():
    assert shorten("x" * (LONGEST_NOTE + 1), ["![b](b)"]) == "x" * LONGEST_NOTE


def test_room_in_and_behind_tables():
    assert space_tables("a\n| b | c |\n|---|---|\n| 1 | 2 |\nd") == (
        "a\n| b&emsp; | c |\n|---|---|\n| 1&emsp; | 2 |\n\n&emsp;\nd"
    )
