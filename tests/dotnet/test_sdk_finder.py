import os
import stat
from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.dotnet import sdk


@pytest.fixture
def nowhere(tmp_path, monkeypatch) -> Path:
    """A machine without .NET."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DOTNET_ROOT", raising=False)
    return tmp_path


@pytest.fixture
def install(nowhere):
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


def test_none(nowhere):
    assert sdk.find() is None
    assert sdk.version(None) is None


def test_on_path(install, nowhere):
    program = install(nowhere / "bin", "10.0.401")
    assert sdk.find() == program


def test_in_dotnet_root(install, nowhere, monkeypatch):
    program = install(nowhere / "root", "10.0.401")
    monkeypatch.setenv("DOTNET_ROOT", str(nowhere / "root"))
    assert sdk.find() == program


def test_at_home(install, nowhere):
    program = install(nowhere / "home" / ".dotnet", "8.0.100")
    assert sdk.find() == program


def test_newest_by_number(install, nowhere):
    assert sdk.version(install(nowhere / "bin", "9.0.100", "10.0.99", "10.0.401")) == "10.0.401"


def test_a_wrapper_is_asked(install, nowhere):
    assert sdk.version(install(nowhere / "bin", script="echo 9.0.203")) == "9.0.203"


def test_a_runtime_without_an_sdk_is_none(install, nowhere):
    assert sdk.version(install(nowhere / "bin", script="exit 1")) is None


def test_required_and_missing(nowhere):
    with pytest.raises(PipelineError, match=r"verify needs a \.NET SDK.*none was found"):
        sdk.require("verify")


def test_required_and_too_old(install, nowhere):
    install(nowhere / "bin", "6.0.428")
    with pytest.raises(PipelineError, match=r"8\.0 or later, got 6\.0\.428"):
        sdk.require("verify")


def test_target_framework():
    assert sdk.target_framework("10.0.401") == "net10.0"


def test_run_gives_what_was_printed(install, nowhere):
    program = install(nowhere / "bin", script='echo "$1 here"')
    assert sdk.run(program, "build", folder=nowhere) == "build here\n"


def test_run_that_fails_says_the_first_error(install, nowhere):
    program = install(nowhere / "bin", script="echo 'restored'; echo 'a.cs(1,2): error CS1002: ; expected'; exit 1")
    with pytest.raises(PipelineError, match=r"`dotnet build` failed: a\.cs\(1,2\): error CS1002"):
        sdk.run(program, "build", folder=nowhere)


def test_run_that_does_not_end(install, nowhere):
    program = install(nowhere / "bin", script="exec /bin/sleep 5")
    with pytest.raises(PipelineError, match="was not done within"):
        sdk.run(program, "build", folder=nowhere, timeout=0.05)


@pytest.mark.parametrize(
    ("printed", "advice"),
    [
        ("x.csproj : error NU1301: Unable to load the service index for source", "cannot reach a NuGet feed"),
        ("x.csproj : error NU1101: Unable to find package Digits", "none of the user's NuGet sources"),
        ("", "it said nothing"),
    ],
)
def test_explanations(printed, advice):
    assert advice in sdk.explain("build", printed)


def test_no_build_server_stays(install, nowhere):
    program = install(nowhere / "bin", script="echo $MSBUILDDISABLENODEREUSE$DOTNET_CLI_USE_MSBUILD_SERVER")
    assert sdk.run(program, folder=nowhere).strip() == "10"
    assert os.environ.get("MSBUILDDISABLENODEREUSE") != "10"
