import os
from pathlib import Path

import pytest

from pipeline.core import known_files as module
from pipeline.core.errors import PipelineError
from pipeline.core.files import sha256
from pipeline.core.known_files import LARGE, known_files
from pipeline.core.paths import KNOWN_FILES


@pytest.fixture
def large(empty) -> Path:
    path = Path("weights.pt")
    path.write_bytes(bytes(LARGE))
    return path


@pytest.fixture
def reads(monkeypatch) -> list[Path]:
    """The files that were read whole."""
    paths: list[Path] = []
    monkeypatch.setattr(module, "sha256", lambda path: paths.append(path) or sha256(path))
    return paths


def digest(path: Path) -> dict[str, str]:
    with known_files() as files:
        return files.digest(path, "model.weights")


def test_a_large_file_is_read_once(large, reads):
    assert digest(large) == digest(large) == {".": sha256(large)}
    assert reads == [large]


def test_a_large_file_is_read_again_when_it_has_changed(large, reads):
    digest(large)
    large.write_bytes(bytes(LARGE) + b"\0")
    assert digest(large) == {".": sha256(large)}
    assert len(reads) == 2


def test_a_large_file_is_read_again_when_its_time_has_changed(large, reads):
    digest(large)
    os.utime(large, ns=(1, 1))
    digest(large)
    assert len(reads) == 2


def test_a_small_file_is_always_read(empty, reads):
    path = Path("small.txt")
    path.write_text("a")
    digest(path)
    path.write_text("b")
    assert digest(path) == {".": sha256(path)}
    assert len(reads) == 2


def test_what_others_know_is_kept_while_it_is_there(large, reads):
    other, gone = Path("other.pt"), Path("gone.pt")
    for path in (other, gone):
        path.write_bytes(bytes(LARGE))
        digest(path)
    gone.unlink()
    digest(large)
    assert digest(other) == {".": sha256(other)}
    assert reads == [other, gone, large]
    assert str(gone.resolve()) not in KNOWN_FILES.read_text()


def test_a_folder_is_its_files_by_relative_path(empty):
    for name in ("a.txt", "b/c.txt", "__pycache__/d.pyc"):
        path = Path("folder") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    assert list(digest(Path("folder"))) == ["a.txt", "b/c.txt"]


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_memory_that_somebody_broke_only_costs_time(content, large):
    KNOWN_FILES.parent.mkdir()
    KNOWN_FILES.write_text(content)
    assert digest(large) == {".": sha256(large)}


def test_a_file_that_is_not_there(empty):
    with pytest.raises(PipelineError, match=r"model\.weights=gone\.pt: there is no such file or folder; .*`dvc pull`"):
        digest(Path("gone.pt"))


def test_a_file_that_cannot_be_read(large, monkeypatch):
    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module, "sha256", refuse)
    with pytest.raises(
        PipelineError, match=r"model\.weights: weights\.pt cannot be read \(Permission denied\): give access"
    ):
        digest(large)


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        "[]",
        "{",
        "7",
        '{"PATH": 7}',
        '{"PATH": null}',
        '{"PATH": [1]}',
        '{"PATH": [SIZE, TIME]}',
        '{"PATH": [SIZE, TIME, 7]}',
    ],
)
def test_notes_that_somebody_broke_are_nothing(content, large, reads):
    state = large.stat()
    notes = (
        content.replace("PATH", str(large.resolve()))
        .replace("SIZE", str(state.st_size))
        .replace("TIME", str(state.st_mtime_ns))
    )
    KNOWN_FILES.parent.mkdir()
    KNOWN_FILES.write_text(notes)
    assert digest(large) == {".": sha256(large)}
    assert reads == [large]
