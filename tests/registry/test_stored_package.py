import json
import shutil
from pathlib import Path

import pytest
from registry_doubles import NAME, MemoryClient, make_contract, write_package

from pipeline.core.errors import PipelineError
from pipeline.core.paths import MANIFEST
from pipeline.registry.stored_package import StoredPackage, fetch_package


@pytest.fixture
def client(tmp_path) -> MemoryClient:
    """Version 1 has a package among the artifacts of its run."""
    registry = MemoryClient(tmp_path / "artifacts")
    registry.add("1")
    write_package(registry, "1")
    return registry


@pytest.fixture
def fetched(client, tmp_path):
    """Fetch version 1; what went wrong, where something does."""

    def fetch() -> StoredPackage:
        (tmp_path / "to").mkdir()
        return fetch_package(client, NAME, "1", tmp_path / "to")

    return fetch


def edit_manifest(client: MemoryClient, **changes: object) -> None:
    path = client.artifacts / "run1" / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_model_and_contract_come_out_of_the_package(fetched):
    package = fetched()
    assert package.read_model() == b"graph"
    assert package.read_contract() == make_contract()
    assert package.path.name == "Digits.1.0.0.nupkg"


def test_a_run_whose_files_are_gone(client, fetched):
    shutil.rmtree(client.artifacts / "run1")
    with pytest.raises(
        PipelineError, match=r"^models:/digits/1: build/package/manifest.json cannot be had from run run1: its "
    ):
        fetched()


def test_a_package_that_is_gone(client, fetched):
    (client.artifacts / "run1/build/package/Digits.1.0.0.nupkg").unlink()
    with pytest.raises(
        PipelineError, match=r"Digits.1.0.0.nupkg cannot be had from run run1: its files were deleted, or"
    ):
        fetched()


def test_a_package_with_other_bytes(client, fetched):
    path = client.artifacts / "run1/build/package/Digits.1.0.0.nupkg"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(
        PipelineError, match=r"Digits.1.0.0.nupkg of run run1 is not the package that was registered: exp"
    ):
        fetched()


def test_a_package_and_manifest_that_were_both_exchanged(client, fetched):
    client.versions["1"].tags["package_sha256"] = "1" * 64
    with pytest.raises(
        PipelineError, match=r"is not the package that was registered: expected SHA-256 111111111111 \(the"
    ):
        fetched()


def test_a_version_that_was_registered_by_other_means(client, fetched):
    client.versions["1"].tags.clear()
    with pytest.raises(
        PipelineError, match=r"^models:/digits/1 has no package: expected the tag package_sha256 and a run"
    ):
        fetched()


@pytest.mark.parametrize("name", ["../../../outside.nupkg", "/outside.nupkg", ".nupkg", "a/b.nupkg", "a.zip"])
def test_a_manifest_that_leads_elsewhere(name, client, fetched):
    edit_manifest(client, package=name)
    with pytest.raises(PipelineError, match=r"build/package/manifest.json of run run1 names no package but "):
        fetched()


@pytest.mark.parametrize("text", ["{", '{"id": 1}'])
def test_a_manifest_that_is_none(text, client, fetched):
    (client.artifacts / "run1" / MANIFEST).write_text(text)
    with pytest.raises(
        PipelineError, match=r"manifest.json of run run1 is damaged, or of another form than this pipeline's"
    ):
        fetched()


def test_a_package_without_the_file(client, fetched):
    edit_manifest(client, model="other.onnx")
    with pytest.raises(
        PipelineError, match=r"^models:/digits/1: Digits.1.0.0.nupkg does not give its file model/other.onnx"
    ):
        fetched().read_model()


def test_a_file_that_the_manifest_does_not_name(client, fetched):
    edit_manifest(client, files={"contract.json": "0" * 64})
    with pytest.raises(
        PipelineError, match=r"contract.json in Digits.1.0.0.nupkg is not the file that its manifest names"
    ):
        fetched().read_contract()


def test_a_contract_of_another_form(client, tmp_path):
    client.add("2")
    write_package(client, "2", contract__json=b'{"schema_version": 9}')
    with pytest.raises(
        PipelineError, match=r"^models:/digits/2: contract.json is of another form than this pipeline's \(sch"
    ):
        fetch_package(client, NAME, "2", tmp_path).read_contract()


def test_a_package_that_is_no_archive(tmp_path, fetched):
    package = fetched()
    path = Path(package.path)
    path.write_bytes(b"no archive")
    with pytest.raises(PipelineError, match=r"does not give its file contract.json \(File is not a zip file\)"):
        package.read_contract()
