"""Files and folders that are written whole or not at all, and checked when they are read.

A stage builds a folder beside its place and swaps it in. `SHA256SUMS` in it (the form of `sha256sum`) says what was
written, so that a file that somebody edited by hand is named before it is used.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.core.errors import PipelineError
from pipeline.core.paths import BUILD

CHECKSUMS = "SHA256SUMS"
# What is being written beside its place: the process that writes it is in the name.
_TEMPORARY = re.compile(r"\.(?P<name>.+)\.(?P<process>\d+)\.tmp")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write a file to; move it over `path` when the block ends well.

    A process that is killed, or a disk that is full, leaves what was at `path` as it was; what a killed process left
    beside it is removed.
    """
    temporary = beside(path)
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _flush(path.parent)  # the rename itself reaches the disk


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder beside `path` to write to; swap it in, with its checksums, when the block ends well.

    Raises:
        PipelineError: Nothing was written: an empty folder says nothing.
    """
    temporary = beside(path)
    temporary.mkdir()
    try:
        yield temporary
        files = sorted(file for file in temporary.rglob("*") if file.is_file())
        if not files:
            raise PipelineError(f"{path}: expected files, got none: nothing was written")
        sums = [f"{sha256(file)}  {file.relative_to(temporary).as_posix()}\n" for file in files]
        (temporary / CHECKSUMS).write_text("".join(sums))
        for file in [*files, temporary / CHECKSUMS]:
            _flush(file)
        if path.exists():
            old = path.with_name(f".{path.name}-replaced.{os.getpid()}.tmp")
            path.rename(old)
            temporary.rename(path)
            remove(old)
        else:
            temporary.rename(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    _flush(path.parent)


def remove(path: Path) -> None:
    """Remove a folder, or what lies in its place: a file, or a link, whose target stays."""
    if path.is_file() or path.is_symlink():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


def checked(path: Path, made_by: str) -> Path:
    """`path`, a file in the folder of a stage, once it is known to be what the stage wrote.

    Args:
        path: A file under build/.
        made_by: The stage that wrote it.

    Raises:
        PipelineError: It is missing, or somebody has changed it since.
    """
    if not path.is_file():
        raise missing(path, made_by)
    digest = recorded_sha256(path, made_by)
    if sha256(path) != digest:
        raise PipelineError(
            f"{path} is not what `{made_by}` wrote (SHA-256 {digest[:12]} expected): somebody changed it; make it again with "
            f"`python -m pipeline {made_by}`, or get it back with `dvc repro`"
        )
    return path


def recorded_sha256(path: Path, made_by: str) -> str:
    """The SHA-256 that the stage noted for `path` when it wrote it.

    Raises:
        PipelineError: It noted none.
    """
    folder = BUILD / path.relative_to(BUILD).parts[0]
    sums = folder / CHECKSUMS
    name = path.relative_to(folder).as_posix()
    lines = sums.read_text(encoding="utf-8", errors="replace").splitlines() if sums.is_file() else []
    digest = next((line.partition("  ")[0] for line in lines if line.partition("  ")[2] == name), None)
    if digest is None:
        raise PipelineError(
            f"{path} is not listed in {sums}: `{made_by}` did not write it; make the folder again with `python -m pipeline {made_by}`"
        )
    return digest


def write_bytes(path: Path, data: bytes) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON; NaN and infinity, which JSON has not, raise ValueError."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path, made_by: str) -> Any:
    """Read a JSON file that the stage `made_by` writes.

    Raises:
        PipelineError: The file is missing or is not JSON, or a key is there twice.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_object)
    except (FileNotFoundError, IsADirectoryError):
        raise missing(path, made_by) from None
    except (ValueError, RecursionError) as error:
        raise PipelineError(
            f"{path}: expected JSON, got {error}; make it again with `python -m pipeline {made_by}`"
        ) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; raises ValueError where a key is there twice, of which Python would take the last."""
    values = dict(pairs)
    if len(values) < len(pairs):
        twice = next(key for place, (key, _) in enumerate(pairs) if key in dict(pairs[:place]))
        raise ValueError(f"the key {twice!r} twice")
    return values


def read_lines(path: Path, setting: str) -> list[str]:
    r"""The lines of a UTF-8 file that `setting` names, without their ends.

    Lines end with \n or \r\n and with nothing else: what `str.splitlines` cuts at (U+2028, a form feed) may stand within one. A
    byte-order mark is no text.

    Raises:
        PipelineError: The file is missing, a folder, or not UTF-8.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise PipelineError(f"{setting}={path}: there is no such file") from None
    except IsADirectoryError:
        raise PipelineError(f"{setting}={path}: expected a file of UTF-8 text, got a folder") from None
    except UnicodeDecodeError as error:
        raise PipelineError(
            f"{setting}={path}: expected UTF-8 text, got {error.reason} at byte {error.start}: save it as UTF-8"
        ) from None
    return text.removesuffix("\n").split("\n") if text else []


def missing(path: Path, made_by: str) -> PipelineError:
    state = "is a folder, not a file" if path.is_dir() else "is missing"
    if " " in made_by:  # a setting, not a stage
        return PipelineError(f"{path} {state}: look at {made_by}")
    return PipelineError(f"{path} {state}: it is written by `python -m pipeline {made_by}` (or run `dvc repro`)")


def sha256(path: Path) -> str:
    """The file's SHA-256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def beside(path: Path) -> Path:
    """A name beside `path` for this process to write to; what processes that are gone left under theirs is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for other in path.parent.glob(f".{path.name}*.tmp"):
        match = _TEMPORARY.fullmatch(other.name)
        if match and match["name"].removesuffix("-replaced") == path.name and not is_running(int(match["process"])):
            if other.is_dir():
                shutil.rmtree(other, ignore_errors=True)
            else:
                other.unlink(missing_ok=True)
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def is_running(process: int) -> bool:
    """Whether another process of this machine with that number runs; this one, which begins anew, does not count."""
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
