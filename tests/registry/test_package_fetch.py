import contextlib
import hashlib
import shutil
from pathlib import Path

import pytest
from registry_doubles import NAME, MemoryClient, make_contract, write_package

from pipeline.core.errors import PipelineError
from pipeline.registry import package_fetch
from pipeline.registry.package_fetch import CARD, choose_folder, fetch
from pipeline.registry.version_address import VersionAddress

LATEST = VersionAddress(NAME, "champion")


@pytest.fixture
def client(empty, tmp_path_factory, monkeypatch) -> MemoryClient:
    """Version 1, with a card in its run, is champion; version 2 has one in its package; `fetch` asks this store."""
    registry = MemoryClient(tmp_path_factory.mktemp("artifacts"), aliases={"champion": "1"})
    registry.add("1", "2")
    write_package(registry, "1")
    write_package(registry, "2", MODEL_CARD__md=b"of the package")
    (registry.artifacts / "run1" / "model_card.md").write_text("of the run")
    monkeypatch.setattr(package_fetch, "connecting", lambda _: contextlib.nullcontext(registry))
    return registry


def run(address: VersionAddress = LATEST, to: str | None = None) -> list[str]:
    return fetch(address, Path(to) if to else None, "memory")


def test_package_contract_and_card_are_in_a_folder(client, empty):
    run()
    folder = empty / "digits-1"
    assert sorted(path.name for path in folder.iterdir()) == [
        "Digits.1.0.0.nupkg",
        "MODEL_CARD.md",
        "SHA256SUMS",
        "contract.json",
    ]
    package = (folder / "Digits.1.0.0.nupkg").read_bytes()
    assert hashlib.sha256(package).hexdigest() == client.versions["1"].tags["package_sha256"]
    assert (folder / "contract.json").read_text() == make_contract().model_dump_json()
    assert (folder / CARD).read_text() == "of the run"


def test_it_says_what_a_csharp_project_needs(client, empty):
    first, *lines = run(to="feed")
    assert first.startswith(
        f"{empty}/feed/: Digits.1.0.0.nupkg, contract.json, MODEL_CARD.md: version 1 of digits (champion), not verified in .NET, SHA-256 "
    )
    text = "\n".join(lines)
    assert f"$(RestoreAdditionalProjectSources);{empty}/feed</RestoreAdditionalProjectSources>" in text
    assert '<PackageReference Include="Digits" Version="1.0.0" />' in text
    assert f"dotnet nuget add source {empty}/feed`): dotnet add package Digits --version 1.0.0" in text


def test_the_card_of_the_package_is_taken_where_the_run_has_none(client, empty):
    run(VersionAddress(NAME, "2"))
    assert (empty / "digits-2" / CARD).read_text() == "of the package"


def test_a_version_without_a_card_is_fetched(client, empty):
    (client.artifacts / "run1" / "model_card.md").unlink()
    assert ": Digits.1.0.0.nupkg, contract.json: version 1" in run()[0]
    assert not (empty / "digits-1" / CARD).exists()


def test_what_fetch_wrote_it_replaces(client, empty):
    run(to="feed")
    run(VersionAddress(NAME, "2"), to="feed")
    assert (empty / "feed" / CARD).read_text() == "of the package"


def test_an_empty_folder_is_filled(client, empty):
    (empty / "feed").mkdir()
    run(to="feed")
    assert (empty / "feed" / "contract.json").exists()


def test_a_folder_with_something_else_is_left_alone(client, empty):
    (empty / "feed").mkdir()
    (empty / "feed" / "mine.txt").write_text("mine")
    with pytest.raises(
        PipelineError, match=r"/feed: expected a folder that is empty or that `fetch` wrote, got one with 'mi"
    ):
        run(to="feed")
    assert [path.name for path in (empty / "feed").iterdir()] == ["mine.txt"]


def test_a_file_in_the_folder_s_place_is_left_alone(client, empty):
    (empty / "feed").write_text("mine")
    with pytest.raises(PipelineError, match=r"/feed: expected a folder, got a file: choose another with --to"):
        run(to="feed")
    assert (empty / "feed").read_text() == "mine"


@pytest.mark.parametrize("to", [".", ".."])
def test_the_folder_that_one_works_in_is_not_replaced(to, client):
    with pytest.raises(
        PipelineError, match="expected a folder of its own, got one that this command runs in: choose another"
    ):
        run(to=to)


def test_a_model_whose_name_is_a_path_needs_a_folder(empty):
    with pytest.raises(PipelineError, match="'a/b-1' is no name for a folder: choose one with --to FOLDER"):
        choose_folder(None, "a/b-1")


def test_nothing_is_written_where_a_file_is_not_the_registered_one(client, empty):
    path = client.artifacts / "run1" / "build/package/Digits.1.0.0.nupkg"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(PipelineError, match="is not the package that was registered"):
        run(to="feed")
    assert list(empty.iterdir()) == []


def test_a_store_without_the_files_says_so(client, empty):
    shutil.rmtree(client.artifacts / "run1")
    with pytest.raises(
        PipelineError, match="cannot be had from run run1: its files were deleted, or their store does not"
    ):
        run(to="feed")
    assert list(empty.iterdir()) == []


def test_a_store_that_is_not_there_is_not_made(empty):
    with pytest.raises(
        PipelineError, match=r"/mlflow.db: there is no MLflow store: publish into it, or name another \("
    ):
        fetch(LATEST, None, f"sqlite:///{empty}/mlflow.db")
    assert list(empty.iterdir()) == []
