"""Model cards in MLflow: of a version, and of the registered model."""

from dataclasses import replace

import pytest

from pipeline.core.contract import load_contract
from pipeline.core.dotnet_report import DotnetReport, DotnetRuntime, DotnetTask
from pipeline.core.parity_report import ParityReport
from pipeline.core.power_report import Survivor
from pipeline.core.reports import ExportReport, SimplifyReport, read_report
from pipeline.dotnet.nuget.card import read_card
from pipeline.dotnet.nuget.manifest import read_package
from pipeline.registry import model_card
from pipeline.registry.run_content import Evidence
from pipeline.registry.run_note import Place

BOUND = DotnetRuntime(
    asked="bound", onnxruntime="1.30.0", verified=True, reason="", comparisons=9, values=1234, used=0.5
)
OLDER = DotnetRuntime(
    asked="1.29.0", onnxruntime="1.29.0", verified=True, reason="", note="below the package's lower bound, 1.30.0"
)
ABSENT = DotnetRuntime(asked="bound", onnxruntime=None, verified=False, reason="no source has it")
PLACE = Place("1", "abc", "digits", "3")
MISSED = Survivor(kind="bias", layer="head", change="", result="missed", output="label", moved=1e-4, used=0.5)


@pytest.fixture
def evidence(digits) -> Evidence:
    reports = (read_report(kind) for kind in (ExportReport, SimplifyReport, ParityReport, DotnetReport))
    return Evidence(load_contract(), *reports, read_package())


def dotnet_lines(evidence: Evidence, **changes: object) -> list[str]:
    report = evidence.dotnet.model_copy(update={"runtime": ".NET 10", **changes})
    return list(model_card.describe_dotnet(report))


def test_every_section_of_the_package_s_card_is_in_it(evidence):
    _, *sections = read_card(evidence.manifest.path).split("\n## ")
    assert model_card.write(evidence, PLACE).split("\n## ")[-len(sections) :] == sections


def test_where_the_version_is(evidence):
    (line,) = (line for line in model_card.write(evidence, PLACE).splitlines() if line.startswith("Registered as"))
    assert line.startswith("Registered as version 3 of `digits`, from [this run](#/experiments/1/runs/abc?workflowType")
    assert line.endswith(f"`{evidence.manifest.package}`, SHA-256 `{evidence.manifest.package_sha256}`.")


def test_how_csharp_calls_it(evidence):
    assert "using var model = Digits.Load();" in model_card.write(evidence, PLACE).splitlines()


def test_how_python_asks_for_the_version(evidence):
    assert 'model = mlflow.onnx.load_model("models:/digits/3")' in model_card.write(evidence, PLACE).splitlines()


def test_each_runtime_in_dotnet(evidence):
    told = dotnet_lines(evidence, verified=True, runtimes=[BOUND, OLDER])
    assert told == [
        "In .NET 10 with onnxruntime 1.30.0 (the package's lower bound): 9 comparisons, 1,234 values, 50.00% of the tolerance used.",
        "In .NET 10 with onnxruntime 1.29.0 (below the package's lower bound, 1.30.0): 0 comparisons, 0 values.",
    ]


def test_why_it_is_not_verified_in_dotnet(evidence):
    told = dotnet_lines(evidence, reason="no source has it", runtimes=[ABSENT])
    assert told == ["**Not verified in .NET:** no source has it."]


def test_another_runtime_that_was_not_there(evidence):
    absent = ABSENT.model_copy(update={"asked": "newest"})
    assert "In .NET: no source has it." in dotnet_lines(evidence, verified=True, runtimes=[BOUND, absent])


def test_the_task_s_metric_in_dotnet(evidence):
    in_dotnet = DotnetTask(metric="accuracy", rows=359, eager=0.5, dotnet=0.25)
    assert dotnet_lines(evidence, task=in_dotnet)[-1] == "accuracy 0.2500 on 359 test rows (PyTorch 0.5000)."


def test_how_far_the_graph_is_from_refusal(evidence):
    parity = evidence.parity.model_copy(update={"used": 0.25, "margin": 4.0})
    first = next(model_card.describe_gate(parity))
    assert first == "25.00% of the tolerance used: 4.0 times the largest difference would have passed."


def test_the_power_of_the_gate(evidence):
    power = evidence.parity.power.model_copy(update={"tried": 9, "caught": 8, "equivalent": 1, "survivors": []})
    *_, last = model_card.describe_gate(evidence.parity.model_copy(update={"power": power}))
    assert last == "Power: 8 of 9 broken copies of the graph were caught, 1 answers alike."


def test_a_power_that_was_not_measured(evidence):
    *_, last = model_card.describe_gate(evidence.parity.model_copy(update={"power": None}))
    assert last == "The power of the gate was not measured."


def test_what_the_gate_did_not_catch(evidence):
    missed = [MISSED.model_copy(update={"layer": f"layer{number}"}) for number in range(7)]
    power = evidence.parity.power.model_copy(update={"survivors": missed})
    *_, last = model_card.describe_gate(evidence.parity.model_copy(update={"power": power}))
    assert last.startswith("**Not caught:** a small fault in `layer0` (bias), `layer1` (bias)")
    assert last.endswith("`layer4` (bias) and 2 more.")


def test_a_list_of_versions_tells_them_apart_by_their_first_line(evidence):
    task = evidence.parity.task
    first = model_card.describe_version(evidence, PLACE).partition("\n")[0]
    assert first == f"Digits {evidence.manifest.version}, accuracy {task.simplify:.4f}, not verified in .NET"


def test_the_first_line_of_a_version_that_dotnet_has_proven(evidence):
    verified = replace(evidence, dotnet=evidence.dotnet.model_copy(update={"verified": True, "reason": ""}))
    assert model_card.describe_version(verified, PLACE).partition("\n")[0].endswith(", verified in .NET")


def test_the_model_s_page(evidence, params):
    page = model_card.write_model_page(evidence, params("publish.alias=newest"), PLACE).splitlines()
    assert page[0] == evidence.contract.description
    assert "- `newest` is the last version that passed the gate, by intent: whatever was trained last." in page
    assert "Last published: [version 3](#/models/digits/versions/3?workflowType=machine_learning)" in page[-1]


def test_the_model_s_page_has_the_user_s_own_sections(evidence, params):
    page = model_card.write_model_page(evidence, params("model.card={Intended use: Sort letters.}"), PLACE)
    assert "\n## Intended use\n\nSort letters.\n" in page


def test_a_short_card_is_the_description():
    assert model_card.shorten("a\n" * 100, PLACE) == "a\n" * 100


def test_a_long_card_keeps_whole_sections_and_names_the_others():
    card = "# m\n" + "".join(f"\n## {title}\n{'x' * size}\n" for title, size in (("A", 9), ("B", 6000), ("C", 4000)))
    shortened = model_card.shorten(card, PLACE)
    assert len(shortened) <= model_card.LONGEST_DESCRIPTION
    assert [line for line in shortened.splitlines() if line.startswith("## ")] == ["## A", "## C"]
    assert shortened.endswith(") among the run's artifacts: B.\n")


def test_a_card_whose_beginning_is_too_long_is_cut():
    assert len(model_card.shorten("x" * 9000, PLACE)) == model_card.LONGEST_DESCRIPTION
