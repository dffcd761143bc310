"""The text of the package's MSBuild files; tests/dotnet/test_package_targets.py has real projects import them."""

from xml.etree import ElementTree

import pytest

from csharp_projects import make_identity
from pipeline.dotnet.nuget.targets import CHECKS, describe_targets, write_targets

IDENTITY = make_identity()
FORMS = {
    "assembly": describe_targets(IDENTITY),
    "source": describe_targets(IDENTITY, ("Tiny.cs", "running/Batcher.cs"), ("TinyEndpoints.cs",), ("rows.de.bin",)),
}
every_form = pytest.mark.parametrize("form", FORMS)


def parse(form: str, folder: str = "buildTransitive") -> ElementTree.Element:
    return ElementTree.fromstring(write_targets(FORMS[form])[f"{folder}/Acme.Tiny.targets"])  # noqa: S314 (ours)


@every_form
def test_the_files_are_those_that_nuget_looks_for(form: str) -> None:
    assert list(write_targets(FORMS[form])) == [
        "build/Acme.Tiny.targets",
        "buildTransitive/Acme.Tiny.targets",
        f"buildTransitive/{CHECKS}",
    ]


@every_form
def test_the_file_of_build_is_the_other_one(form: str) -> None:
    (imported,) = parse(form, "build").iter("Import")
    assert imported.get("Project") == "../buildTransitive/Acme.Tiny.targets"


@every_form
def test_the_checks_are_imported(form: str) -> None:
    assert [node.get("Project") for node in parse(form).iter("Import")] == [CHECKS]


def test_a_vocabulary_travels_as_the_model_does() -> None:
    package = describe_targets(make_identity(vocabulary_file="Tiny.0.vocab.txt"))
    root = ElementTree.fromstring(write_targets(package)["buildTransitive/Acme.Tiny.targets"])  # noqa: S314 (ours)
    assert [node.get("Link") for node in root.iter("None")] == [IDENTITY.model_file, "Tiny.0.vocab.txt"]


def test_source_is_compiled_file_by_file() -> None:
    compiled = [node.get("Include") for node in parse("source").iter("Compile")]
    assert compiled == [
        "$(MSBuildThisFileDirectory)../client/Tiny.cs",
        "$(MSBuildThisFileDirectory)../client/running/Batcher.cs",
        "$(MSBuildThisFileDirectory)../aspnetcore/TinyEndpoints.cs",
    ]


def test_assemblies_are_not_compiled() -> None:
    assert not list(parse("assembly").iter("Compile"))


def test_golden_files_keep_their_names_as_resources() -> None:
    (resource,) = parse("source").iter("EmbeddedResource")
    assert (resource.get("LogicalName"), resource.get("WithCulture")) == ("Tiny.golden/rows.de.bin", "false")


def test_the_same_checks_in_every_package() -> None:
    assert len({write_targets(package)[f"buildTransitive/{CHECKS}"] for package in FORMS.values()}) == 1
