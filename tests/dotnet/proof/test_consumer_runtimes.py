"""Which onnxruntime the program that verifies asks for, by what the package leaves to it."""

import re

import pytest

from pipeline.dotnet import sdk
from pipeline.dotnet.nuget.manifest import Manifest, RuntimeVersions
from pipeline.dotnet.proof import consumer as module
from pipeline.dotnet.proof.consumer import Consumer
from pipeline.dotnet.sdk import Sdk

CPU, MANAGED = "Microsoft.ML.OnnxRuntime", "Microsoft.ML.OnnxRuntime.Managed"


@pytest.fixture
def references(tmp_path, monkeypatch):
    """What its project references beside the package, as pairs of a package and a version."""

    def build(choice: str, runtime: str | None) -> list[tuple[str, str]]:
        def restore(*_: object, folder) -> str:
            (folder / "obj").mkdir()
            (folder / "obj" / "project.assets.json").write_text(
                f'{{"libraries": {{"{CPU}/1.30.0": 0, "{MANAGED}/1.30.0": 0}}}}'
            )
            return ""

        monkeypatch.setattr(sdk, "run", restore)
        monkeypatch.setattr(module.replay_program, "replay", lambda *_: "")
        manifest = Manifest.model_construct(
            id="Linear", version="1.0.0", namespace="N", class_name="C", runtime=choice,
            onnxruntime=RuntimeVersions(bound="1.30.0", proven=["1.30.0"]),
        )  # fmt: skip
        consumer = Consumer(Sdk(tmp_path / "dotnet", "10.0.401"), None, manifest, tmp_path / "consumer")
        assert consumer.build(runtime) == "1.30.0"
        project = (consumer.folder / "verify.csproj").read_text()
        return re.findall(r'Include="(Microsoft[^"]+)" Version="([^"]+)"', project)

    return build


def test_a_package_with_the_processors_runtime_brings_it_itself(references):
    assert references("cpu", None) == []


def test_a_package_with_the_managed_half_is_given_the_processors_at_the_bound(references):
    assert references("managed", None) == [(CPU, "1.30.0")]


def test_another_version_is_asked_for_by_its_native_package(references):
    assert references("cpu", "[1.29.0]") == [(CPU, "[1.29.0]")]


def test_another_version_of_both_halves(references):
    """Alone, a lower native library would stand beside the C# of the bound, and end the program."""
    assert references("managed", "[1.29.0]") == [(CPU, "[1.29.0]"), (MANAGED, "[1.29.0]")]
