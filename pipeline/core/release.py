"""released/<Id>.json: the last release of a package, committed like a file of a public API; and what fingerprint passes on of it."""

from pathlib import Path

from pydantic import TypeAdapter

from pipeline.core.contract import Contract, Sha256
from pipeline.core.paths import RELEASE_FINGERPRINT
from pipeline.core.records import Record, read_record, write_record


class Release(Record):
    """What was released: `content_sha256` is over model, contract, golden calls and client text, never compiled bytes or the version."""

    id: str
    version: str
    content_sha256: Sha256
    contract: Contract


class ReleaseFingerprint(Record):
    """build/fingerprint/release.json: the last release, or None."""

    release: Release | None


_RELEASE = TypeAdapter(Release)
_FINGERPRINT = TypeAdapter(ReleaseFingerprint)


def write_release(release: Release, path: Path) -> None:
    write_record(path, _RELEASE, release)


def read_release(path: Path, made_by: str) -> Release:
    return read_record(path, _RELEASE, made_by)


def write_release_fingerprint(release: Release | None, path: Path = RELEASE_FINGERPRINT) -> None:
    write_record(path, _FINGERPRINT, ReleaseFingerprint(release=release))


def read_release_fingerprint() -> Release | None:
    """The last release, as fingerprint found it."""
    return read_record(RELEASE_FINGERPRINT, _FINGERPRINT, made_by="fingerprint").release
