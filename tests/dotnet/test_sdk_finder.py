import os
import stat
from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.dotnet import sdk


@pytest.fixture
def without_dotnet(tmp_path, monkeypatch) -> Path:
    """A machine without .NET."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DOTNET_ROOT", raising=False)
    return tmp_path


@pytest.fixture
def install(without_dotnet):
    """Put a program `dotnet` somewhere, with SDKs beside it."""

    def put(folder: Path, *versions: str, script: str = "exit 0") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        program = folder / "dotnet"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        for version in versions:
            (folder / "sdk" / version).mkdir(parents=True)
        return program

    return put


def test_none(without_dotnet):
    assert sdk.find() is None
    assert sdk.version(None) is None


def test_on_path(install, without_dotnet):
    program = install(without_dotnet / "bin", "10.0.401")
    assert sdk.find() == program


def test_in_dotnet_root(install, without_dotnet, monkeypatch):
    program = install(without_dotnet / "root", "10.0.401")
    monkeypatch.setenv("DOTNET_ROOT", str(without_dotnet / "root"))
    assert sdk.find() == program


def test_at_home(install, without_dotnet):
    program = install(without_dotnet / "home" / ".dotnet", "8.0.100")
    assert sdk.find() == program


def test_newest_by_number(install, without_dotnet):
    assert sdk.version(install(without_dotnet / "bin", "9.0.100", "10.0.99", "10.0.401")) == "10.0.401"


def test_a_wrapper_script_is_run(install, without_dotnet):
    assert sdk.version(install(without_dotnet / "bin", script="echo 9.0.203")) == "9.0.203"


def test_a_runtime_without_an_sdk_is_none(install, without_dotnet):
    assert sdk.version(install(without_dotnet / "bin", script="exit 1")) is None


def test_required_and_missing(without_dotnet):
    with pytest.raises(PipelineError, match=r"verify needs a \.NET SDK.*none was found"):
        sdk.require("verify")


def test_required_and_too_old(install, without_dotnet):
    install(without_dotnet / "bin", "6.0.428")
    with pytest.raises(PipelineError, match=r"8\.0 or later, got 6\.0\.428"):
        sdk.require("verify")


def test_target_framework():
    assert sdk.target_framework("10.0.401") == "net10.0"


def test_run_returns_what_was_printed(install, without_dotnet):
    program = install(without_dotnet / "bin", script='echo "$1 here"')
    assert sdk.run(program, "build", folder=without_dotnet) == "build here\n"


def test_a_failed_command_gives_its_first_error(install, without_dotnet):
    program = install(
        without_dotnet / "bin", script="echo 'restored'; echo 'a.cs(1,2): error CS1002: ; expected'; exit 1"
    )
    with pytest.raises(PipelineError, match=r"`dotnet build` failed: a\.cs\(1,2\): error CS1002"):
        sdk.run(program, "build", folder=without_dotnet)


def test_a_command_that_does_not_end(install, without_dotnet):
    program = install(without_dotnet / "bin", script="exec /bin/sleep 5")
    with pytest.raises(PipelineError, match="took more than"):
        sdk.run(program, "build", folder=without_dotnet, timeout=0.05)


@pytest.mark.parametrize(
    ("printed", "advice"),
    [
        ("x.csproj : error NU1301: Unable to load the service index for source", "cannot reach a NuGet feed"),
        ("x.csproj : error NU1101: Unable to find package Digits", "none of your NuGet sources"),
        ("", "it printed nothing"),
    ],
)
def test_explanations(printed, advice):
    assert advice in sdk.explain("build", printed)


MISSING = (
    "x.csproj : error NU1102: Unable to find package Microsoft.ML.OnnxRuntime with version (= 1.18.1)\n"
    "x.csproj : error NU1102:   - Found 2 version(s) in offline [ Nearest version: 1.30.0 ]\n"
    "x.csproj : error NU1102:   - Found 9 version(s) in other [ Nearest version: 1.9.0 ]\n"
    "x.csproj : error NU1102:   - Found 0 version(s) in third\n"
)


def test_the_nearest_version_is_the_lowest_of_any_source():
    assert sdk.find_nearest(MISSING) == "1.9.0"


def test_no_version_is_nearest_where_there_is_none():
    assert sdk.find_nearest("error NU1101: Unable to find package Digits. No packages exist with this id") is None


@pytest.mark.parametrize(
    ("printed", "package", "nearest"),
    [
        (MISSING, "Microsoft.ML.OnnxRuntime", "1.9.0"),
        ("error NU1101: Unable to find package Acme.Digits. No packages exist with this id\n", "Acme.Digits", None),
    ],
)
def test_a_package_that_no_source_has_is_named(printed, package, nearest, install, without_dotnet):
    (without_dotnet / "printed").write_text(printed)
    program = install(without_dotnet / "bin", script='while read -r line; do echo "$line"; done < printed; exit 1')
    with pytest.raises(sdk.MissingPackageError) as caught:
        sdk.run(program, "build", folder=without_dotnet)
    assert (caught.value.package, caught.value.nearest) == (package, nearest)


def test_no_build_server_outlives_the_command(install, without_dotnet):
    program = install(without_dotnet / "bin", script="echo $MSBUILDDISABLENODEREUSE$DOTNET_CLI_USE_MSBUILD_SERVER")
    assert sdk.run(program, folder=without_dotnet).strip() == "10"
    assert os.environ.get("MSBUILDDISABLENODEREUSE") != "10"


def test_a_line_of_a_stack_is_not_the_error():
    printed = "Unhandled exception. X: the model is not there\n at Interop.Throw(ErrorInfo errorInfo)\n at Main()"
    assert (
        sdk.explain("out/a.dll", printed) == "`dotnet out/a.dll` failed: Unhandled exception. X: the model is not there"
    )
