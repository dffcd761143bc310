"""What changed, for people: a line of the terminal, notes and README of the package, and the registry's CHANGELOG."""

from collections.abc import Sequence

from pipeline.core.release import Change, PackageVersion
from pipeline.dotnet.nuget.manifest import PackedManifest
from pipeline.dotnet.versions.content import label
from pipeline.dotnet.versions.package_version import is_labelled, largest_part

# Among the run's artifacts.
CHANGELOG = "CHANGELOG.md"
# NuGet's gallery takes 35,000 characters; a change has some hundred.
_MOST_CHANGES = 50
_SECTIONS = {"added": "Added", "changed": "Changed", "removed": "Removed"}


def summarize(package: PackageVersion) -> str:
    """The differences in one line, such as "minor since 1.0.0: output 'score' (float32) is new"."""
    if not package.previous:
        return "there is no release before it"
    if not package.changes:
        return f"the same content as {package.previous}"
    first, *others = (change.text for change in package.changes)
    more = f", and {len(others)} more" if others else ""
    return f"{largest_part(package.changes)} since {package.previous}: {first}{more}"


def write_notes(package: PackageVersion) -> str:
    """The .nuspec's release notes: plain text, a line a difference."""
    if not package.previous:
        return ""
    return "\n".join([f"What changed since {package.previous}:", *list_changes(package.changes)])


def list_changes(changes: Sequence[Change]) -> list[str]:
    """A list's item for each difference, with the part of the version that it moves; none that is long."""
    lines = [f"- {change.part}: {change.text}" for change in changes[:_MOST_CHANGES]]
    others = len(changes) - _MOST_CHANGES
    return (lines or ["- nothing: the content is the same"]) + ([f"- and {others} more"] if others > 0 else [])


def describe_changes(package: PackageVersion) -> list[str]:
    """The section of the package's README, line by line; none for what follows no release."""
    if not package.previous:
        return []
    return [f"## What changed since {package.previous}", "", *list_changes(package.changes), ""]


def changelog(manifest: PackedManifest) -> str:
    """What changed, in the form of Keep a Changelog, for the registry's CHANGELOG.md."""
    is_unreleased = is_labelled(manifest.version, label(manifest.content_sha256))
    lines = [
        f"# Changelog of {manifest.id}",
        "",
        "In the form of [Keep a Changelog](https://keepachangelog.com/en/1.1.0/); what is here follows from the contracts.",
        "",
        "## [Unreleased]" if is_unreleased else f"## [{manifest.version}]",
        "",
    ]
    if is_unreleased:
        lines += [f"Packed as {manifest.version}.", ""]
    if not manifest.previous:
        return "\n".join([*lines, "### Added", "- The first version.", ""])
    lines += [f"Since {manifest.previous}:", ""]
    for kind, title in _SECTIONS.items():
        entries = [change for change in manifest.changes if change.kind == kind]
        if entries:
            lines += [f"### {title}", *list_changes(entries), ""]
    return "\n".join(lines if manifest.changes else [*lines, "- Nothing: the content is the same.", ""])
