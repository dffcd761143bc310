import pytest

from pipeline.core.release import Change, PackageVersion
from pipeline.dotnet.nuget.manifest import PackedManifest
from pipeline.dotnet.versions.release_notes import changelog, describe_changes, summarize, write_notes

NEW = Change(part="minor", kind="added", text="output 'z' (int64) is new")
GONE = Change(part="major", kind="removed", text="input 'x' is gone")
OTHER = Change(part="patch", text="the golden answers are others")
CONTENT = "3f9c2a7" + "0" * 57


def packed(version: str, previous: str, *changes: Change) -> str:
    return changelog(
        PackedManifest.model_construct(
            id="M", version=version, previous=previous, changes=list(changes), content_sha256=CONTENT
        )
    )


@pytest.mark.parametrize(
    ("package", "line"),
    [
        (PackageVersion(version="1.0.0"), "there is no release before it"),
        (PackageVersion(version="1.1.0", previous="1.0.0"), "the same content as 1.0.0"),
        (
            PackageVersion(version="1.1.0", previous="1.0.0", changes=[NEW]),
            "minor since 1.0.0: output 'z' (int64) is new",
        ),
        (
            PackageVersion(version="2.0.0", previous="1.0.0", changes=[GONE, NEW, OTHER]),
            "major since 1.0.0: input 'x' is gone, and 2 more",
        ),
    ],
)
def test_one_line(package, line):
    assert summarize(package) == line


def test_notes_of_a_first_version_are_none():
    first = PackageVersion(version="1.0.0")
    assert (write_notes(first), describe_changes(first)) == ("", [])


def test_notes_are_a_line_a_difference():
    package = PackageVersion(version="2.0.0", previous="1.0.0", changes=[GONE, NEW])
    lines = ["- major: input 'x' is gone", "- minor: output 'z' (int64) is new"]
    assert write_notes(package).splitlines() == ["What changed since 1.0.0:", *lines]
    assert describe_changes(package) == ["## What changed since 1.0.0", "", *lines, ""]


def test_notes_are_short_enough_for_a_gallery():
    package = PackageVersion(version="2.0.0", previous="1.0.0", changes=[GONE] * 80)
    assert write_notes(package).splitlines()[-2:] == ["- major: input 'x' is gone", "- and 30 more"]


def test_the_changelog_of_a_release_has_a_section_a_kind():
    text = packed("2.0.0", "1.0.0", GONE, NEW, OTHER)
    assert text.splitlines()[4:] == [
        "## [2.0.0]",
        "",
        "Since 1.0.0:",
        "",
        "### Added",
        "- minor: output 'z' (int64) is new",
        "",
        "### Changed",
        "- patch: the golden answers are others",
        "",
        "### Removed",
        "- major: input 'x' is gone",
    ]


def test_the_changelog_of_what_is_not_released():
    assert packed("1.0.1-g3f9c2a7", "1.0.0", OTHER).splitlines()[4:7] == [
        "## [Unreleased]",
        "",
        "Packed as 1.0.1-g3f9c2a7.",
    ]


def test_the_changelog_of_a_first_version():
    assert packed("1.0.0", "").splitlines()[4:] == ["## [1.0.0]", "", "### Added", "- The first version."]


def test_the_changelog_of_the_same_content():
    assert packed("1.1.0", "1.0.0").splitlines()[-1] == "- Nothing: the content is the same."
