import errno
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.core.files import (
    CHECKSUMS,
    checked,
    missing,
    read_json,
    read_lines,
    recorded_sha256,
    replacing,
    replacing_folder,
    sha256,
    write_bytes,
    write_json,
    write_text,
)
from pipeline_runs import PROJECT


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "folder" / "file.txt"
    write_text(made, "old")
    return made


def only(path, content: bytes) -> bool:
    """Whether `path` holds `content` and nothing lies beside it."""
    return path.read_bytes() == content and list(path.parent.iterdir()) == [path]


def test_folders_are_made(tmp_path):
    write_bytes(tmp_path / "a" / "b" / "c", b"\0\n")
    assert only(tmp_path / "a" / "b" / "c", b"\0\n")


def test_a_file_is_replaced(path):
    write_text(path, "néw\n")
    assert only(path, "néw\n".encode())


def test_an_error_while_writing_leaves_the_old_file(path):
    def work():
        with replacing(path) as beside:
            beside.write_text("half")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        work()
    assert only(path, b"old")


@pytest.mark.parametrize("function", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file(function, path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    target = os if function == "fsync" else type(path)
    monkeypatch.setattr(target, function, full)
    with pytest.raises(OSError, match="No space"):
        write_text(path, "new")
    assert only(path, b"old")


def test_a_block_that_writes_nothing_leaves_the_old_file(path):
    with pytest.raises(FileNotFoundError), replacing(path):
        pass
    assert only(path, b"old")


def test_a_killed_process_leaves_the_old_file(path):
    program = f"""
import os
from pathlib import Path
from pipeline.core.files import replacing
with replacing(Path({str(path)!r})) as beside:
    beside.write_text("half")
    os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=False).returncode == 9
    assert path.read_text() == "old"


def test_the_old_file_is_whole_until_the_new_one_is(path):
    with replacing(path) as beside:
        beside.write_text("new")
        assert path.read_text() == "old"
    assert only(path, b"new")


def test_json_round_trip(tmp_path):
    value = {"name": "é", "list": [1, 2.5, None, True]}
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json", "export") == value
    assert json.loads((tmp_path / "a.json").read_text()) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_has_no_nan(value, path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"x": value})
    assert only(path, b"old")


def test_missing_json_says_who_writes_it(tmp_path):
    with pytest.raises(PipelineError, match=r"a\.json is missing: it is written by `python -m pipeline export`"):
        read_json(tmp_path / "a.json", "export")


@pytest.mark.parametrize("content", [b"", b'{"a": ', b"\xff\xfe"])
def test_damaged_json_says_who_writes_it(content, tmp_path):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(
        PipelineError, match=r"a\.json: expected JSON, got .*make it again with `python -m pipeline export`"
    ):
        read_json(tmp_path / "a.json", "export")


def test_missing_names_the_stage(tmp_path):
    assert "`python -m pipeline train` (or run `dvc repro`)" in str(missing(tmp_path / "x", "train"))


def test_sha256(path):
    assert sha256(path) == hashlib.sha256(b"old").hexdigest()


@pytest.fixture
def build(empty):
    return Path("build")


def write_folder(content: str = "one") -> None:
    with replacing_folder(Path("build/data")) as folder:
        (folder / "nested").mkdir()
        (folder / "a.txt").write_text(content)
        (folder / "nested" / "b.txt").write_text("two")


def test_a_folder_is_swapped_in_whole_with_its_checksums(build):
    write_folder("old")
    (build / "data" / "stale.txt").write_text("of an earlier run")
    write_folder()
    assert sorted(path.relative_to(build).as_posix() for path in build.rglob("*")) == [
        "data",
        "data/SHA256SUMS",
        "data/a.txt",
        "data/nested",
        "data/nested/b.txt",
    ]
    sums = (build / "data" / "SHA256SUMS").read_text()
    assert sums == f"{hashlib.sha256(b'one').hexdigest()}  a.txt\n{hashlib.sha256(b'two').hexdigest()}  nested/b.txt\n"


def test_an_error_while_a_folder_is_written_leaves_the_old_one(build):
    write_folder("old")

    def work():
        with replacing_folder(build / "data") as folder:
            (folder / "a.txt").write_text("half")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        work()
    assert (build / "data" / "a.txt").read_text() == "old"
    assert [path.name for path in build.iterdir()] == ["data"]


def test_a_file_in_the_place_of_a_folder_is_replaced(build):
    build.mkdir()
    (build / "data").write_text("no folder")
    write_folder()
    assert sorted(path.name for path in build.iterdir()) == ["data"]
    assert (build / "data" / "a.txt").read_text() == "one"


def test_a_link_in_the_place_of_a_folder_is_replaced_and_its_target_stays(build, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.txt").write_text("mine")
    build.mkdir()
    (build / "data").symlink_to(elsewhere)
    write_folder()
    assert not (build / "data").is_symlink()
    assert (elsewhere / "mine.txt").read_text() == "mine"


def test_an_empty_folder_is_refused(build):
    with pytest.raises(PipelineError, match="build/data: expected files, got none"), replacing_folder(build / "data"):
        pass
    assert list(build.iterdir()) == []


def test_what_a_killed_run_left_is_removed_by_the_next(build):
    program = """
import os
from pathlib import Path
from pipeline.core.files import replacing, replacing_folder
with replacing_folder(Path("build/data")) as folder, replacing(Path("build/report.json")) as file:
    (folder / "a.txt").write_text("half")
    file.write_text("half")
    os._exit(9)
"""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    assert len(list(build.iterdir())) == 2
    assert not (build / "data").exists()
    write_folder()
    write_text(build / "report.json", "{}")
    assert sorted(path.name for path in build.iterdir()) == ["data", "report.json"]


def test_what_a_living_process_writes_is_left_alone(build):
    build.mkdir()
    other = build / f".data.{os.getppid()}.tmp"
    other.mkdir()
    write_folder()
    assert other.is_dir()


def test_a_file_as_it_was_written_is_taken(build):
    write_folder()
    assert checked(build / "data" / "nested" / "b.txt", "prepare").read_text() == "two"
    assert recorded_sha256(build / "data" / "a.txt", "prepare") == hashlib.sha256(b"one").hexdigest()


def test_a_file_that_somebody_edited_is_named(build):
    write_folder()
    (build / "data" / "a.txt").write_text("edited")
    with pytest.raises(
        PipelineError, match=r"build/data/a\.txt is not what `prepare` wrote .* get it back with `dvc repro`"
    ):
        checked(build / "data" / "a.txt", "prepare")


@pytest.mark.parametrize("without_sums", [True, False])
def test_a_file_that_the_stage_did_not_write_is_named(without_sums, build):
    write_folder()
    (build / "data" / "c.txt").write_text("three")
    if without_sums:
        (build / "data" / "SHA256SUMS").unlink()
    with pytest.raises(PipelineError, match=r"build/data/c\.txt is not listed in build/data/SHA256SUMS"):
        checked(build / "data" / "c.txt", "prepare")


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("", []),
        ("\n", [""]),
        ("a", ["a"]),
        ("a\nb\n", ["a", "b"]),
        ("a\r\n\r\nb", ["a", "", "b"]),
        ("\ufeffa\n", ["a"]),
        ("\ufeff", []),
        ("a\u2028b\u0085c\x0cd\re\n", ["a\u2028b\u0085c\x0cd\re"]),
    ],
    ids=[
        "empty",
        "an empty line",
        "no end",
        "LF",
        "CRLF",
        "byte-order mark",
        "nothing but it",
        "what splitlines cuts at",
    ],
)
def test_lines(content, lines, tmp_path):
    (tmp_path / "x.txt").write_bytes(content.encode())
    assert read_lines(tmp_path / "x.txt", "data.path") == lines


def test_lines_of_no_file(tmp_path):
    with pytest.raises(PipelineError, match=r"^data\.path=.*x\.txt: there is no such file$"):
        read_lines(tmp_path / "x.txt", "data.path")


def test_lines_of_a_folder(tmp_path):
    with pytest.raises(PipelineError, match=r"^data\.path=.*: expected a file of UTF-8 text, got a folder$"):
        read_lines(tmp_path, "data.path")


def test_lines_that_are_no_utf_8(tmp_path):
    (tmp_path / "x.txt").write_bytes("größer\n".encode("latin-1"))
    with pytest.raises(
        PipelineError, match=r"x\.txt: expected UTF-8 text, got invalid start byte at byte 2: save it as UTF-8"
    ):
        read_lines(tmp_path / "x.txt", "data.path")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[" * 100_000, "maximum recursion depth"),
        (b'{"a": ' + b"9" * 5000 + b"}", "Exceeds the limit"),
        (b'{"a": 1, "b": 2, "a": 3}', "the key 'a' twice"),
        (b'[{"x": {"c": 1, "c": 1}}]', "the key 'c' twice"),
    ],
    ids=["deep", "long", "twice", "twice within"],
)
def test_json_that_python_would_choke_on_or_guess_says_who_writes_it(content, says, tmp_path):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(PipelineError, match=rf"a\.json: expected JSON, got {says}.*`python -m pipeline export`"):
        read_json(tmp_path / "a.json", "export")


def test_a_folder_is_no_json(tmp_path):
    with pytest.raises(PipelineError, match="is a folder, not a file: it is written by `python -m pipeline export`"):
        read_json(tmp_path, "export")


def test_a_folder_in_the_place_of_a_file_is_named(build):
    write_folder()
    path = build / "data" / "a.txt"
    path.unlink()
    path.mkdir()
    with pytest.raises(PipelineError, match=r"a\.txt is a folder, not a file"):
        checked(path, "train")


@pytest.mark.parametrize("content", [b"\xff\xfe", None], ids=["not UTF-8", "folder"])
def test_checksums_that_somebody_broke_list_nothing(content, build):
    write_folder()
    sums = build / "data" / CHECKSUMS
    sums.unlink()
    sums.mkdir() if content is None else sums.write_bytes(content)
    with pytest.raises(PipelineError, match=r"a\.txt is not listed in .*SHA256SUMS: `train` did not write it"):
        checked(build / "data" / "a.txt", "train")
