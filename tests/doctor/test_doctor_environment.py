"""What doctor says of libraries, .NET and the target."""

from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.doctor.environment import diagnose_dotnet, diagnose_libraries, diagnose_sources, diagnose_target
from pipeline.dotnet import sdk
from pipeline_runs import PROJECT


@pytest.fixture
def asked(tmp_path):
    """pyproject.toml and constraints.txt that ask for one version of pydantic each."""

    def write(requirement: str, pinned: str) -> tuple[Path, Path]:
        project, constraints = tmp_path / "pyproject.toml", tmp_path / "constraints.txt"
        project.write_text(f'[project]\ndependencies = ["{requirement}"]\n')
        constraints.write_text(f"# pins\n{pinned}\n")
        return project, constraints

    return write


@pytest.fixture
def dotnet(tmp_path, monkeypatch):
    """An SDK of folders; what `dotnet nuget list source` prints is given."""

    def make(printed: str) -> Path:
        for folder in ("sdk/9.0.1", "sdk/10.0.401", "shared/Microsoft.NETCore.App/10.0.12"):
            (tmp_path / "dotnet" / folder).mkdir(parents=True)
        program = tmp_path / "dotnet" / "dotnet"
        program.touch()
        monkeypatch.setattr(sdk, "find", lambda: program)
        monkeypatch.setattr(sdk, "run", lambda *arguments, **options: printed)
        return program

    return make


def test_this_environment_is_as_the_pins_say():
    assert diagnose_libraries(PROJECT / "pyproject.toml", PROJECT / "constraints.txt").state == "ok"


def test_a_library_that_is_too_old_is_wrong(asked):
    diagnosis = diagnose_libraries(*asked("pydantic>=99.1", "pydantic==99.1"))
    assert diagnosis.state == "wrong"
    assert diagnosis.text.startswith("expected pydantic>=99.1 (got 2")


def test_a_library_that_is_missing_is_wrong(asked):
    diagnosis = diagnose_libraries(*asked("no-such-library>=1", "no-such-library==1"))
    assert diagnosis.text == "expected no-such-library>=1 (got none)"


def test_a_library_of_another_version_than_the_pin_is_noted(asked):
    diagnosis = diagnose_libraries(*asked("pydantic>=1", "pydantic==1.0"))
    assert diagnosis.state == "note"
    assert "(tried with 1.0)" in diagnosis.text


def test_sdks_runtimes_and_sources_are_named(dotnet):
    program = dotnet("E https://feed.example/v3/index.json\nD /gone\n")
    net, nuget = diagnose_dotnet("auto", "auto")
    assert (net.state, net.text) == ("ok", f"SDK 9.0.1, 10.0.401; runtimes 10.0.12; {program}")
    assert (nuget.state, nuget.text) == ("ok", "https://feed.example/v3/index.json")


def test_a_source_whose_folder_is_gone_is_noted(dotnet, tmp_path):
    diagnosis = diagnose_sources(dotnet(f"E {tmp_path / 'gone'}\n"))
    assert (diagnosis.state, diagnosis.text) == ("note", f"{tmp_path / 'gone'}: there is no such folder")


def test_no_source_is_noted(dotnet):
    assert diagnose_sources(dotnet("D https://feed.example/v3/index.json\n")).text == "no source is enabled"


def test_a_nuget_that_fails_is_noted(dotnet, monkeypatch):
    program = dotnet("")

    def refuse(*arguments: object, **options: object) -> str:
        raise PipelineError("it took too long")

    monkeypatch.setattr(sdk, "run", refuse)
    assert diagnose_sources(program).text == "its sources are not known: it took too long"


@pytest.mark.parametrize(
    ("mode", "client", "state"),
    [
        ("auto", "auto", "note"),
        ("required", "auto", "wrong"),
        ("auto", "source", "note"),
        ("auto", "assembly", "wrong"),
    ],
)
def test_a_missing_sdk_is_wrong_only_where_it_is_required(mode, client, state, monkeypatch):
    monkeypatch.setattr(sdk, "find", lambda: None)
    (diagnosis,) = diagnose_dotnet(mode, client)
    assert (diagnosis.topic, diagnosis.state) == (".NET", state)


def test_without_a_target_it_is_the_installed_onnxruntime(params):
    assert diagnose_target(params()).state == "ok"


def test_a_target_whose_wheel_is_missing_is_wrong(params, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    diagnosis = diagnose_target(params("target=onnxruntime-1.18"))
    assert diagnosis.state == "wrong"
    assert "`python -m pipeline compat --install 1.18`" in diagnosis.text
