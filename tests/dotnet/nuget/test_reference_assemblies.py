"""What a client is compiled against: found once by MSBuild, and noted."""

import json

import pytest

from pipeline.dotnet import sdk
from pipeline.dotnet.nuget import reference_assemblies
from pipeline.dotnet.nuget.client_form import list_compiled_against
from pipeline.dotnet.nuget.reference_assemblies import resolve

PACKAGES = list_compiled_against("1.31.1", {})


@pytest.fixture
def msbuild(empty, monkeypatch):
    """In place of MSBuild: writes lists of files that are there, and counts how often it ran."""
    runs = []

    def run(dotnet, *arguments, folder, timeout=600):
        runs.append(arguments)
        (empty / "bincore").mkdir(exist_ok=True)
        for name in ("bincore/csc.dll", "a.dll", "b.dll"):
            (empty / name).touch()
        (folder / "compiler").write_text(f"{empty}\n")
        for name in ("netstandard2.0", "net8.0", "aspnetcore"):
            (folder / name).write_text(f"\ufeff{empty / 'a.dll'}\n{empty / 'b.dll'}\n", encoding="utf-8")
        return ""

    monkeypatch.setattr(sdk, "run", run)
    return runs


def at(version: str) -> sdk.Sdk:
    return sdk.Sdk("dotnet", version)


def test_the_lists_and_the_compiler_are_msbuild_s(empty, msbuild):
    references = resolve(at("10.0.401"), PACKAGES)
    assert references.compiler == empty / "bincore" / "csc.dll"
    assert set(references.paths.values()) == {(empty / "a.dll", empty / "b.dll")}


def test_a_second_time_restores_nothing(msbuild):
    assert resolve(at("10.0.401"), PACKAGES) == resolve(at("10.0.401"), PACKAGES)
    assert len(msbuild) == 1


@pytest.mark.parametrize(("version", "bound"), [("10.0.402", "1.31.1"), ("10.0.401", "1.30.0")])
def test_another_sdk_or_another_package_is_restored(msbuild, version, bound):
    resolve(at("10.0.401"), PACKAGES)
    resolve(at(version), list_compiled_against(bound, {}))
    assert len(msbuild) == 2


def test_a_file_that_has_gone_is_restored(empty, msbuild):
    resolve(at("10.0.401"), PACKAGES)
    (empty / "b.dll").unlink()
    assert resolve(at("10.0.401"), PACKAGES).complete
    assert len(msbuild) == 2


@pytest.mark.parametrize("text", ["", "[]", json.dumps({"compiler": [], "net8.0": []})])
def test_a_broken_note_is_made_again(empty, msbuild, text):
    resolve(at("10.0.401"), PACKAGES)
    (folder,) = (empty / reference_assemblies.RESOLVED).iterdir()
    (folder / reference_assemblies.NOTE).write_text(text)
    assert resolve(at("10.0.401"), PACKAGES).complete
    assert len(msbuild) == 2


def test_every_version_is_exact():
    project = reference_assemblies.write_project(PACKAGES)
    assert '"Microsoft.ML.OnnxRuntime.Managed" Version="[1.31.1]"' in project
    assert project.count('Version="[') == project.count("PackageReference")
