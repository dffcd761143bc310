"""released/<Id>.json: the last release of a package, committed like a file of a public API; and what fingerprint passes on of it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, TypeAdapter

from pipeline.core.contract import Contract, Sha256
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked, write_text
from pipeline.core.paths import RELEASE_FINGERPRINT
from pipeline.core.records import Record, read_record, write_record

# What a difference moves, the most first.
Part = Literal["major", "minor", "patch"]


class Change(Record):
    """One difference from the release before, in words, and the part of the version that it moves."""

    part: Part
    text: str
    kind: Literal["added", "changed", "removed"] = "changed"


class PackageVersion(Record):
    """A version, the release before it ("" where there is none), and the differences from that."""

    version: str
    previous: str = ""
    changes: list[Change] = Field(default=[])


def _rename_compiled(value: object) -> object:
    """What releases were called that are older than the name of today."""
    return "assembly" if value == "compiled" else value


class Release(PackageVersion):
    """What was released.

    `parts` has the SHA-256 of model, contract, golden answers and client text, and `content_sha256` that of all of them: never of
    compiled bytes or of the version. `runtime` is `package.runtime`. `api` is the client's public API, a line a member: it stands in a file of its own beside this one,
    for people to review; None where there is no such file.
    """

    id: str
    content_sha256: Sha256
    parts: dict[str, Sha256]
    client: Annotated[Literal["assembly", "source"], BeforeValidator(_rename_compiled)]
    namespace: str
    class_name: str
    onnxruntime: str
    runtime: Literal["cpu", "managed"] = "cpu"
    api: list[str] | None = None
    contract: Contract


class ReleaseFingerprint(Record):
    """build/fingerprint/release.json: the last release, or None."""

    release: Release | None


_RELEASE = TypeAdapter(Release)
_FINGERPRINT = TypeAdapter(ReleaseFingerprint)


def locate_api(path: Path) -> Path:
    """The file with the public API beside a release: released/Digits.json -> released/Digits.api.txt."""
    return path.with_suffix(".api.txt")


def write_release(release: Release, path: Path) -> None:
    """Write the release, and its API beside it."""
    write_record(path, _RELEASE, release.model_copy(update={"api": None}))
    if release.api is not None:
        write_text(locate_api(path), "".join(f"{line}\n" for line in release.api))


def read_release(path: Path) -> Release:
    """Read a file that people commit, and the API beside it.

    Raises:
        PipelineError: It is missing or broken, or the API is no text.
    """
    try:
        release = read_record(path, _RELEASE, made_by="release")
    except PipelineError as error:
        # `release` itself reads it: what is committed is the way back.
        problem = str(error).partition("; make it again")[0]
        raise PipelineError(f"{problem}; get it back as it was committed: `git checkout -- {path}`") from None
    return release.model_copy(update={"api": _read_api(locate_api(path))})


def _read_api(path: Path) -> list[str] | None:
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else None
    except UnicodeDecodeError:
        lines = []
    if lines is not None and (not lines or lines != sorted(set(lines))):
        raise PipelineError(
            f"{path}: expected the public API, a member a line, sorted, got something else: get it back as it was committed: "
            f"`git checkout -- {path}`"
        )
    return lines


def write_release_fingerprint(release: Release | None, path: Path = RELEASE_FINGERPRINT) -> None:
    write_record(path, _FINGERPRINT, ReleaseFingerprint(release=release))


def read_release_fingerprint() -> Release | None:
    """The last release, as fingerprint found it.

    Raises:
        PipelineError: The file is missing, was changed, or does not have this form.
    """
    path = checked(RELEASE_FINGERPRINT, "fingerprint")
    return read_record(path, _FINGERPRINT, made_by="fingerprint").release
