"""The model card."""

from dataclasses import replace

import pytest

from pipeline.core.contract import load_contract
from pipeline.core.dotnet_report import DotnetReport, DotnetRuntime, DotnetTask
from pipeline.core.parity_report import ParityReport
from pipeline.core.reports import ExportReport, SimplifyReport, read_report
from pipeline.dotnet.nuget.manifest import RuntimeVersions, read_package
from pipeline.registry import model_card
from pipeline.registry.run_content import Evidence

BOUND = DotnetRuntime(
    asked="bound", onnxruntime="1.30.0", verified=True, reason="", comparisons=9, values=1234, used=0.5
)
OLDER = DotnetRuntime(
    asked="1.29.0", onnxruntime="1.29.0", verified=True, reason="", note="below the package's lower bound, 1.30.0"
)
ABSENT = DotnetRuntime(asked="bound", onnxruntime=None, verified=False, reason="no source has it")


@pytest.fixture
def evidence(digits) -> Evidence:
    reports = (read_report(kind) for kind in (ExportReport, SimplifyReport, ParityReport, DotnetReport))
    return Evidence(load_contract(), *reports, read_package())


def lines(evidence: Evidence, **dotnet: object) -> list[str]:
    changed = replace(evidence, dotnet=evidence.dotnet.model_copy(update={"runtime": ".NET 10", **dotnet}))
    return model_card.write(changed).splitlines()


def test_package_and_bound(evidence):
    text = model_card.write(evidence)
    assert text.startswith(f"# Digits {evidence.manifest.version}\n")
    assert (
        f"The NuGet package `Digits.{evidence.manifest.version}.nupkg` (SHA-256 `{evidence.manifest.package_sha256}`)"
        in text
    )
    assert "it asks for Microsoft.ML.OnnxRuntime 1.31.1 or later." in text


def test_how_csharp_calls_it(evidence):
    assert "using var model = Digits.Load();" in lines(evidence)


def test_inputs_and_outputs_are_the_contract_s(evidence):
    names = [line.split("`")[1] for line in lines(evidence) if line.startswith("| `")]
    assert names == [tensor.name for tensor in (*evidence.contract.inputs, *evidence.contract.outputs)]


def test_what_python_has_proven(evidence):
    proven = RuntimeVersions(bound="1.18.1", proven=["1.18.1", "1.31.1"])
    manifest = evidence.manifest.model_copy(update={"onnxruntime": proven})
    parity = evidence.parity
    assert (
        f"- In Python with onnxruntime 1.18.1 and 1.31.1: {len(parity.comparisons)} comparisons with PyTorch's answers, {parity.values:,} "
        f"values, {parity.used:.2%} of the tolerance used."
    ) in lines(replace(evidence, manifest=manifest))


def test_each_runtime_in_dotnet(evidence):
    told = lines(evidence, verified=True, runtimes=[BOUND, OLDER])
    assert (
        "- In .NET 10 with onnxruntime 1.30.0 (the package's lower bound): 9 comparisons, 1,234 values, 50.00% of the tolerance used."
    ) in told
    assert (
        "- In .NET 10 with onnxruntime 1.29.0 (below the package's lower bound, 1.30.0): 0 comparisons, 0 values."
        in told
    )


def test_why_it_is_not_verified_in_dotnet(evidence):
    told = lines(evidence, reason="no source has it", runtimes=[ABSENT])
    assert "- **Not verified in .NET:** no source has it." in told
    assert not [line for line in told if line.startswith("- In .NET")]


def test_another_runtime_that_was_not_there(evidence):
    absent = ABSENT.model_copy(update={"asked": "newest"})
    assert "- In .NET: no source has it." in lines(evidence, verified=True, runtimes=[BOUND, absent])


def test_other_versions_are_untried(evidence):
    assert "- Other versions of onnxruntime are untried; the format is ONNX opset 20, IR version 10." in lines(evidence)


def test_the_power_of_the_gate(evidence):
    power = evidence.parity.power
    assert (
        f"- Power of the gate: {power.caught} of {power.tried} broken copies of the graph were caught, {power.equivalent} answer alike."
    ) in lines(evidence)


def test_a_power_that_was_not_measured(evidence):
    parity = evidence.parity.model_copy(update={"power": None})
    assert "- The power of the gate was not measured." in lines(replace(evidence, parity=parity))


def test_the_task_s_metric(evidence):
    task = evidence.parity.task
    assert f"- accuracy on 359 test rows: {task.simplify:.4f} (PyTorch {task.eager:.4f})." in lines(evidence)


def test_the_task_s_metric_in_dotnet(evidence):
    in_dotnet = DotnetTask(metric="accuracy", rows=359, eager=0.5, dotnet=0.25)
    (line,) = (line for line in lines(evidence, task=in_dotnet) if line.startswith("- accuracy"))
    assert line.endswith(", in .NET 0.2500).")


def test_an_output_that_is_not_judged(evidence):
    parity = evidence.parity.model_copy(update={"exempt": {"label": "ties"}})
    assert "- **Not judged:** `label`: ties." in lines(replace(evidence, parity=parity))


def test_a_short_card_is_the_description():
    assert model_card.shorten("a\n" * 100) == "a\n" * 100


def test_a_long_card_is_cut_at_a_line_and_says_so():
    shortened = model_card.shorten("0123456789\n" * 1000)
    assert len(shortened) <= 5000
    assert shortened.endswith("0123456789\n… the rest is in `model_card.md` among the run's artifacts.\n")
