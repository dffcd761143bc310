"""released/<Id>.json: the last release of a package, committed like a file of a public API; and what fingerprint passes on of it."""

from pathlib import Path
from typing import Literal

from pydantic import Field, TypeAdapter

from pipeline.core.contract import Contract, Sha256
from pipeline.core.errors import PipelineError
from pipeline.core.files import checked
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


class Release(PackageVersion):
    """What was released.

    `parts` has the SHA-256 of model, contract, golden answers and client text, and `content_sha256` that of all of them: never of
    compiled bytes or of the version. `runtime` is `package.runtime`. `api` are the members of the client's public types.
    """

    id: str
    content_sha256: Sha256
    parts: dict[str, Sha256]
    client: Literal["source", "compiled"]
    namespace: str
    class_name: str
    onnxruntime: str
    runtime: Literal["cpu", "managed"] = "cpu"
    api: list[str]
    contract: Contract


class ReleaseFingerprint(Record):
    """build/fingerprint/release.json: the last release, or None."""

    release: Release | None


_RELEASE = TypeAdapter(Release)
_FINGERPRINT = TypeAdapter(ReleaseFingerprint)


def write_release(release: Release, path: Path) -> None:
    write_record(path, _RELEASE, release)


def read_release(path: Path) -> Release:
    """Read a file that people commit.

    Raises:
        PipelineError: It is missing or broken.
    """
    try:
        return read_record(path, _RELEASE, made_by="release")
    except PipelineError as error:
        # `release` itself reads it: what is committed is the way back.
        problem = str(error).partition("; make it again")[0]
        raise PipelineError(f"{problem}; get it back as it was committed: `git checkout -- {path}`") from None


def write_release_fingerprint(release: Release | None, path: Path = RELEASE_FINGERPRINT) -> None:
    write_record(path, _FINGERPRINT, ReleaseFingerprint(release=release))


def read_release_fingerprint() -> Release | None:
    """The last release, as fingerprint found it.

    Raises:
        PipelineError: The file is missing, was changed, or does not have this form.
    """
    path = checked(RELEASE_FINGERPRINT, "fingerprint")
    return read_record(path, _FINGERPRINT, made_by="fingerprint").release
