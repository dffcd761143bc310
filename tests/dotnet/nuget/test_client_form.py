"""Which form the client takes, by package.client and by what this machine has."""

import sys
from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.dotnet import sdk
from pipeline.dotnet.nuget import reference_assemblies
from pipeline.dotnet.nuget.client_form import choose_form, list_compiled_against
from pipeline.dotnet.nuget.reference_assemblies import ReferenceAssemblies

PACKAGES = list_compiled_against("1.31.1", {})
REFERENCES = ReferenceAssemblies(Path(sys.executable), Path(sys.executable), {})
MANAGED = sdk.MissingPackageError(
    "`dotnet msbuild` finds a package in none", "Microsoft.ML.OnnxRuntime.Managed", "1.30.0"
)
OPTIONS = sdk.MissingPackageError("`dotnet msbuild` finds a package in none", "Microsoft.Extensions.Options", None)
UNREACHABLE = PipelineError("`dotnet msbuild` cannot reach a NuGet feed: NU1301")


@pytest.fixture
def machine(monkeypatch):
    """A machine with an SDK of this version, whose NuGet restores, or fails so."""

    def prepare(version: str | None, failure: PipelineError | None = None) -> None:
        def resolve(found, packages):
            if failure:
                raise failure
            return REFERENCES

        monkeypatch.setattr(sdk, "find", lambda: Path("dotnet") if version else None)
        monkeypatch.setattr(sdk, "version", lambda dotnet: version)
        monkeypatch.setattr(reference_assemblies, "resolve", resolve)

    return prepare


@pytest.mark.parametrize("wish", ["auto", "assembly"])
def test_assemblies_where_they_can_be_made(machine, wish):
    machine("10.0.401")
    form = choose_form(wish, PACKAGES)
    assert (form.name, form.references, str(form)) == ("assembly", REFERENCES, "assemblies")


def test_source_where_it_is_asked_for(machine):
    machine("10.0.401")
    form = choose_form("source", PACKAGES)
    assert (form.name, form.references, str(form)) == ("source", None, "source")


@pytest.mark.parametrize(
    ("version", "failure", "reason"),
    [
        (None, None, "there is no .NET SDK"),
        ("7.0.100", None, "the .NET SDK 7.0.100 is older than 8.0"),
        ("10.0.401", MANAGED, "no NuGet source has Microsoft.ML.OnnxRuntime.Managed 1.31.1"),
        ("10.0.401", OPTIONS, "no NuGet source has Microsoft.Extensions.Options 8.0.0"),
        ("10.0.401", UNREACHABLE, "NuGet fails: `dotnet msbuild` cannot reach a NuGet feed: NU1301"),
    ],
)
def test_auto_takes_source_where_it_must_and_says_why(machine, version, failure, reason):
    machine(version, failure)
    form = choose_form("auto", PACKAGES)
    assert (form.name, str(form)) == ("source", f"source ({reason})")


@pytest.mark.parametrize(
    ("version", "failure", "told"),
    [
        (
            None,
            None,
            "needs a .NET SDK, 8.0 or later: none was found on PATH, in DOTNET_ROOT or in ~/.dotnet; install one",
        ),
        ("7.0.100", None, "needs a .NET SDK, 8.0 or later, got 7.0.100 (dotnet): install a newer one"),
        (
            "10.0.401",
            MANAGED,
            "compiles against the package's lower bound, Microsoft.ML.OnnxRuntime 1.31.1, which none of your NuGet sources has (the "
            "nearest is 1.30.0): add a source that has it, or take one that is there: `python -m pipeline params target=onnxruntime-1.30.0`",
        ),
        ("10.0.401", OPTIONS, "compiles against packages of NuGet: `dotnet msbuild` finds a package in none"),
        (
            "10.0.401",
            UNREACHABLE,
            "compiles against packages of NuGet: `dotnet msbuild` cannot reach a NuGet feed: NU1301",
        ),
    ],
)
def test_assembly_is_an_error_where_there_can_be_none(machine, version, failure, told):
    machine(version, failure)
    with pytest.raises(PipelineError) as error:
        choose_form("assembly", PACKAGES)
    assert str(error.value) == f"package.client=assembly {told}, or set package.client=source"
