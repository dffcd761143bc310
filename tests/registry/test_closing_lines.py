"""The six lines with which publish ends."""

from dataclasses import replace

import pytest

from pipeline.core.contract import load_contract
from pipeline.core.dotnet_report import DotnetReport, DotnetTask
from pipeline.core.parity_report import ParityReport
from pipeline.core.reports import ExportReport, PublishReport, SimplifyReport, read_report
from pipeline.dotnet.nuget.manifest import read_package
from pipeline.registry.closing_lines import describe_margin, write_closing_lines
from pipeline.registry.run_content import Evidence

RUN = "5941ab2c"


@pytest.fixture
def evidence(digits) -> Evidence:
    reports = (read_report(kind) for kind in (ExportReport, SimplifyReport, ParityReport, DotnetReport))
    return Evidence(load_contract(), *reports, read_package())


def lines(evidence: Evidence, *, published_before: bool = False, **changes: str) -> dict[str, str]:
    report = PublishReport(
        tracking_uri="",
        experiment_id="1",
        run_id=RUN,
        model="digits",
        version="3",
        alias="candidate",
        package_sha256="",
    )
    written = write_closing_lines(report.model_copy(update=changes), evidence, published_before)
    return {line[:9].rstrip(): line[9:] for line in written}


def test_there_are_six_and_they_are_aligned(evidence):
    assert list(lines(evidence)) == ["verdict", "metric", "margin", "package", "version", "link"]


def test_the_verdict_says_why_net_has_not_verified(evidence):
    power = evidence.parity.power
    assert lines(evidence)["verdict"] == (
        f"passed: {len(evidence.parity.comparisons)} comparisons with PyTorch, {power.caught} of {power.tried} mutants caught; "
        "not verified in .NET: verify.mode=off"
    )


def test_the_verdict_names_the_onnxruntime_of_net(evidence, monkeypatch):
    monkeypatch.setattr(DotnetReport, "list_verified", lambda self: ["1.30.0", "1.31.1"])
    verified = replace(evidence, dotnet=evidence.dotnet.model_copy(update={"verified": True}))
    assert lines(verified)["verdict"].endswith("; verified in .NET on onnxruntime 1.30.0, 1.31.1")


def test_the_metric_stands_beside_pytorch_s_and_net_s(evidence):
    task = evidence.parity.task
    dotnet = evidence.dotnet.model_copy(
        update={"task": DotnetTask(metric="accuracy", rows=359, eager=task.eager, dotnet=0.5)}
    )
    assert (
        lines(replace(evidence, dotnet=dotnet))["metric"]
        == f"accuracy {task.simplify:.4f} on 359 test rows (PyTorch {task.eager:.4f}, .NET 0.5000)"
    )


def test_a_model_without_a_task_has_no_metric(evidence):
    parity = evidence.parity.model_copy(update={"task": None})
    assert lines(replace(evidence, parity=parity))["metric"] == "none: the model has no task"


@pytest.mark.parametrize(
    ("used", "margin", "says"),
    [
        (0.25, 4.0, "4.0 times: 25.00% of what is allowed is used"),
        (0.0, None, "every answer is equal to PyTorch's"),
        (None, None, "none is needed: every answer has to be equal, and is"),
    ],
)
def test_the_margin(used, margin, says, evidence):
    assert describe_margin(evidence.parity.model_copy(update={"used": used, "margin": margin})) == says


def test_the_package_is_the_file_and_its_version(evidence):
    version, size = evidence.manifest.version, evidence.manifest.path.stat().st_size
    assert lines(evidence)["package"] == f"build/package/Digits.{version}.nupkg, {size:,} bytes; Digits {version}"


def test_the_version_says_whether_it_was_there(evidence):
    assert lines(evidence)["version"] == "models:/digits/3 is @candidate"
    assert lines(evidence, published_before=True)["version"] == "models:/digits/3 is @candidate, published before"


def test_the_version_says_who_is_champion_and_why(evidence):
    moved = lines(evidence, champion="2", promotion="version 2 stays champion, not version 3: worse in 4 rows")[
        "version"
    ]
    assert moved == "models:/digits/3 is @candidate; version 2 stays champion, not version 3: worse in 4 rows"


def test_a_server_s_link_opens_the_run(evidence):
    link = lines(evidence, tracking_uri="https://mlflow.local/")["link"]
    assert link == f"https://mlflow.local/#/experiments/1/runs/{RUN}?workflowType=machine_learning"


def test_a_store_of_one_s_own_is_opened_by_a_command(evidence):
    assert lines(evidence)["link"] == f"`make ui` opens run {RUN}"
