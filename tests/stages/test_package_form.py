"""The form of the client in the package: assemblies where there is an SDK, else source."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.core.files import read_json, write_json
from pipeline.core.paths import DOTNET_FINGERPRINT, PARITY_REPORT, TARGET_FINGERPRINT
from pipeline.dotnet import sdk
from pipeline_runs import LINEAR, PROJECT, reseal

needs_dotnet = pytest.mark.skipif(
    sdk.version(sdk.find()) is None, reason="no .NET SDK on PATH, in DOTNET_ROOT or in ~/.dotnet"
)
MANIFEST = Path("build/package/manifest.json")


def manifest() -> dict:
    return read_json(MANIFEST, "package")


def test_assembly_needs_an_sdk(linear, monkeypatch, configure, fails):
    configure("package.client=assembly")
    monkeypatch.setattr(sdk, "find", lambda: None)
    assert "package.client=assembly needs a .NET SDK" in fails("package")


def test_auto_without_an_sdk_is_source_and_says_so(linear, monkeypatch, configure, passes):
    by_wish = manifest()
    configure("package.client=auto")
    monkeypatch.setattr(sdk, "find", lambda: None)
    assert "client Torch2DotNet.Linear as source (there is no .NET SDK); " in passes("package")
    # Nothing in it tells why.
    assert manifest() == by_wish


@needs_dotnet
def test_auto_is_assemblies_where_there_is_an_sdk(linear, configure, passes):
    as_source = manifest()
    configure("package.client=auto")
    assert "client Torch2DotNet.Linear as assemblies; " in passes("package")
    packed = manifest()
    assert packed["client"] == "assembly"
    assert {path.rpartition("/")[0] for path in packed["files"] if path.endswith((".dll", ".cs"))} == {
        "aspnetcore/net8.0",
        "lib/net8.0",
        "lib/netstandard2.0",
    }
    assert {part for part, digest in packed["parts"].items() if as_source["parts"][part] != digest} == {"client"}


def test_compiled_is_called_assembly_now(linear, fails):
    told = "package.client: expected auto, assembly or source, got 'compiled', which is called assembly now"
    assert told in fails("params", *LINEAR, "package.client=compiled")


def test_another_sdk_makes_the_package_stale():
    """Whether the client comes as assemblies, and their bytes, depend on it."""
    stages = YAML(typ="safe").load(PROJECT / "dvc.yaml")["stages"]
    assert DOTNET_FINGERPRINT.as_posix() in stages["package"]["deps"]


@needs_dotnet
def test_an_assembly_is_compiled_against_the_bound_alone(linear, configure, fails):
    target = {"target": "onnxruntime-1.18", "onnxruntime": "1.18.1"}
    write_json(TARGET_FINGERPRINT, target)
    reseal(TARGET_FINGERPRINT)
    write_json(PARITY_REPORT, {**read_json(PARITY_REPORT, "validate"), "onnxruntime": "1.18.1"})
    configure("package.client=assembly")
    assert (
        "package.client=assembly compiles against the package's lower bound, Microsoft.ML.OnnxRuntime 1.18.1, which none of your NuGet "
        "sources has (the nearest is 1.30.0): add a source that has it, or take one that is there: `python -m pipeline params "
        "target=onnxruntime-1.30.0`, or set package.client=source"
    ) in fails("package")
