import io
import zipfile
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from pipeline.core.errors import PipelineError
from pipeline.dotnet.nuget import nupkg
from pipeline.dotnet.nuget.dependency_groups import DependencyGroup
from pipeline.dotnet.nuget.nupkg import NUSPEC_NAMESPACE, Metadata
from pipeline.dotnet.nuget.source_repository import SourceRepository

GROUPS = (
    DependencyGroup("netstandard2.0", {"Microsoft.ML.OnnxRuntime": "1.31.1", "System.Text.Json": "8.0.5"}),
    DependencyGroup("net8.0", {"Microsoft.ML.OnnxRuntime": "1.31.1"}),
)
METADATA = Metadata("Digits", "1.2.3", "A & B", "Apache-2.0", 'Reads <one> "digit".', "onnx", GROUPS)
FILES = {"README.md": b"# hi", "model/m.onnx": b"\x00" * 100, "golden/golden.json": b"[]"}


def pack(metadata, files) -> bytes:
    target = io.BytesIO()
    nupkg.pack(metadata, files, target)
    return target.getvalue()


def open_package(data: bytes) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(data))


def test_same_content_same_bytes():
    assert pack(METADATA, FILES) == pack(METADATA, dict(reversed(FILES.items())))


def test_a_file_is_packed_like_its_content(tmp_path):
    content = bytes(range(256)) * 1000
    (tmp_path / "m.onnx").write_bytes(content)
    assert pack(METADATA, {**FILES, "model/m.onnx": tmp_path / "m.onnx"}) == pack(
        METADATA, {**FILES, "model/m.onnx": content}
    )


def test_other_content_gives_another_name_of_the_core_properties():
    names = [
        {n for n in open_package(pack(METADATA, f)).namelist() if n.endswith(".psmdcp")}
        for f in (FILES, {**FILES, "README.md": b"?"})
    ]
    assert names[0] != names[1]


def test_other_content_has_another_date():
    """Or MSBuild takes an assembly of equal size for the one that it has copied already."""
    dates = [
        {entry.date_time for entry in open_package(pack(METADATA, files)).infolist()}
        for files in (FILES, {**FILES, "README.md": b"# ho"})
    ]
    assert [len(dates[0]), len(dates[1]), len(dates[0] | dates[1])] == [1, 1, 2]


def test_files_are_there_whole():
    with open_package(pack(METADATA, FILES)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in FILES} == FILES


def test_every_part_has_a_content_type_once():
    with open_package(pack(METADATA, FILES)) as archive:
        types = ET.fromstring(archive.read("[Content_Types].xml"))  # noqa: S314 (ours)
        extensions = [node.get("Extension") for node in types]
        parts = [name for name in archive.namelist() if name != "[Content_Types].xml"]
    assert len(set(extensions)) == len(extensions)
    assert {name.rpartition(".")[2] for name in parts} <= set(extensions)


def test_relationships_point_to_parts():
    with open_package(pack(METADATA, FILES)) as archive:
        targets = [node.get("Target") for node in ET.fromstring(archive.read("_rels/.rels"))]  # noqa: S314 (ours)
        assert {target.lstrip("/") for target in targets} <= set(archive.namelist())
    assert len(targets) == 2


def test_nuspec_has_the_metadata():
    with open_package(pack(METADATA, FILES)) as archive:
        spec = ET.fromstring(archive.read("Digits.nuspec"))  # noqa: S314 (ours)
    elements = {node.tag.removeprefix(f"{{{NUSPEC_NAMESPACE}}}"): node.text for node in spec[0]}
    assert (elements["id"], elements["version"], elements["authors"]) == ("Digits", "1.2.3", "A & B")
    assert (elements["description"], elements["license"], elements["readme"]) == (
        'Reads <one> "digit".',
        "Apache-2.0",
        "README.md",
    )


def read_nuspec(metadata: Metadata) -> ET.Element:
    return ET.fromstring(nupkg.nuspec(metadata).replace(f' xmlns="{NUSPEC_NAMESPACE}"', ""))  # noqa: S314 (ours)


def test_dependencies_stand_in_a_group_for_each_framework():
    groups = {
        group.get("targetFramework"): [node.attrib for node in group] for group in read_nuspec(METADATA).iter("group")
    }
    runtime = {"id": "Microsoft.ML.OnnxRuntime", "version": "1.31.1"}
    assert groups == {
        "netstandard2.0": [runtime, {"id": "System.Text.Json", "version": "8.0.5", "exclude": "Build,Analyzers"}],
        "net8.0": [runtime],
    }


def test_the_repository_and_its_commit():
    spec = read_nuspec(replace(METADATA, repository=SourceRepository("https://host.example/a/b.git", "c0ffee")))
    assert spec.find("metadata/repository").attrib == {
        "type": "git",
        "url": "https://host.example/a/b.git",
        "commit": "c0ffee",
    }


def test_the_page_of_the_project():
    spec = read_nuspec(replace(METADATA, project_url="https://host.example/a?b&c"))
    assert spec.findtext("metadata/projectUrl") == "https://host.example/a?b&c"


@pytest.mark.parametrize("element", ["repository", "projectUrl", "releaseNotes"])
def test_what_is_not_known_is_left_out(element):
    assert read_nuspec(METADATA).find(f"metadata/{element}") is None


@pytest.mark.parametrize(
    "package_id", ["", "My Digits", "Digits!", ".Digits", "Digits.", "Ziffern/Neu", "Zahlen-", "d" * 101, "Zürich"]
)
def test_ids_that_nuget_rejects(package_id):
    with pytest.raises(PipelineError, match=r"package\.id: expected"):
        pack(replace(METADATA, id=package_id), FILES)


@pytest.mark.parametrize("version", ["", "1", "1.2", "v1.2.3", "01.2.3", "1.2.3-", "1.2.3+build", "1.2.3.4", "1.2.x"])
def test_versions_that_are_not_semantic(version):
    with pytest.raises(PipelineError, match=r"package\.version: expected a semantic version"):
        pack(replace(METADATA, version=version), FILES)


@pytest.mark.parametrize("version", ["0.0.1", "1.2.3-beta.1", "10.20.30-rc-2"])
def test_semantic_versions(version):
    assert pack(replace(METADATA, version=version), FILES)


def test_license_is_an_expression():
    with pytest.raises(PipelineError, match="SPDX"):
        pack(replace(METADATA, license="see <LICENSE>"), FILES)


@pytest.mark.parametrize(
    "path", ["../evil.txt", "/etc/x.txt", "a/../../b.txt", "LICENSE", "a\\b.txt", "a//b.txt", "./a.txt"]
)
def test_paths_that_leave_the_package_or_break_its_form(path):
    with pytest.raises(PipelineError, match="relative path with an extension"):
        pack(METADATA, {**FILES, path: b""})
