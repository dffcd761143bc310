"""Files that are written whole or not at all."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.core.errors import PipelineError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; move it over `path` when the block ends well.

    A process that is killed, or a disk that is full, leaves what was at `path` as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield beside
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the rename itself reaches the disk
    finally:
        os.close(folder)


def write_bytes(path: Path, data: bytes) -> None:
    with replacing(path) as beside:
        beside.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON; NaN and infinity, which JSON has not, raise ValueError."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path, made_by: str) -> Any:
    """Read a JSON file that the stage `made_by` writes.

    Raises:
        PipelineError: The file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise missing(path, made_by) from None
    except ValueError as error:
        raise PipelineError(
            f"{path}: expected JSON, got {error}; make it again with `python -m pipeline {made_by}`"
        ) from None


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
    if " " in made_by:  # a setting, not a stage
        return PipelineError(f"{path} is missing: look at {made_by}")
    return PipelineError(f"{path} is missing: it is written by `python -m pipeline {made_by}` (or run `dvc repro`)")


def sha256(path: Path) -> str:
    """The file's SHA-256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
