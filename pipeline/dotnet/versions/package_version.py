"""The version of a package: the last release's where the content is the same, else the next with a label of the content."""

from collections.abc import Sequence

from semver import Version

from pipeline.core.errors import PipelineError
from pipeline.core.paths import RELEASE_FINGERPRINT
from pipeline.core.release import Change, PackageVersion, Part, Release
from pipeline.core.semantic_version import AUTO, is_same
from pipeline.dotnet.versions.content import PackageContent
from pipeline.dotnet.versions.release_difference import PARTS, compare_release

FIRST = "1.0.0"
# Of 0.x SemVer promises nothing; people and tools take its minor for what is major later, as Cargo and npm do.
_BEFORE_ONE: dict[Part, Part] = {"major": "minor", "minor": "patch", "patch": "patch"}


def choose_version(setting: str, content: PackageContent, release: Release | None) -> PackageVersion:
    """The version, and what is different from the release before.

    Args:
        setting: `package.version`: "auto" or a version.
        content: What is packed.
        release: The last release; None before the first.

    Raises:
        PipelineError: The setting is the last release's version, and the content is another; or the release is another package's.
    """
    if release and release.id != content.package_id:
        raise PipelineError(
            f"{RELEASE_FINGERPRINT} has the release of {release.id}, and this is {content.package_id}: run `python -m pipeline fingerprint`"
        )
    if release is None:
        return PackageVersion(version=f"{FIRST}-{content.label}" if setting == AUTO else setting)
    is_released = release.content_sha256 == content.sha256
    if is_released and (setting == AUTO or is_same(setting, release.version)):
        return PackageVersion(version=release.version, previous=release.previous, changes=release.changes)
    changes = compare_release(release, content)
    if setting == AUTO:
        version = label_version(release.version, next_number(release.version, changes), content.label)
    elif is_same(setting, release.version):
        raise PipelineError(
            f"package.version={setting} is released with another content ({release.content_sha256[:7]}, this is {content.sha256[:7]}; "
            f"{changes[0].text}): set package.version=auto, which gives {next_number(release.version, changes)} with a label, or a later version"
        )
    else:
        version = setting
    return PackageVersion(version=version, previous=release.version, changes=changes)


def largest_part(changes: Sequence[Change]) -> Part:
    return min((change.part for change in changes), key=PARTS.index, default="patch")


def next_number(version: str, changes: Sequence[Change]) -> Version:
    """The lowest version without a label that may follow `version` after these changes.

    A pre-release is followed by its own number, unless the changes move more than that number has moved.
    """
    last = Version.parse(version)
    part = largest_part(changes)
    return last.next_version(_BEFORE_ONE[part] if last.major == 0 else part)


def label_version(last: str, number: Version, label: str) -> str:
    """`number` with a label of content: above the last release, and below what is released next."""
    before = Version.parse(last)
    if before.prerelease and number == before.finalize_version():
        # 2.0.0-rc.1 < 2.0.0-rc.1.g3f9c2a7 < 2.0.0-rc.2
        return f"{number}-{before.prerelease}.{label}"
    return f"{number}-{label}"


def strip_label(version: str, label: str) -> str:
    """The version that what has a content label becomes when it is released; any other as it is."""
    return str(Version.parse(version).finalize_version()) if is_labelled(version, label) else version


def is_labelled(version: str, label: str) -> bool:
    return version.endswith((f"-{label}", f".{label}"))
