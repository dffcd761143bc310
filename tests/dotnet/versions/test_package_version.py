import pytest
from semver import Version

from pipeline.core.errors import PipelineError
from pipeline.core.release import Change
from pipeline.dotnet.versions.package_version import choose_version, label_version, next_number, strip_label
from sample_releases import CONTENT, changed, released

OTHER = changed("golden")
SINCE = [Change(part="minor", text="output 'z' (int64) is new")]


def test_before_the_first_release():
    version = choose_version("auto", CONTENT, None)
    assert (version.version, version.previous, version.changes) == (f"1.0.0-g{CONTENT.sha256[:7]}", "", [])


def test_what_is_released_has_the_release_s_version_and_history():
    version = choose_version("auto", CONTENT, released("1.1.0", previous="1.0.0", changes=SINCE))
    assert (version.version, version.previous, version.changes) == ("1.1.0", "1.0.0", SINCE)


def test_another_content_has_the_next_version_with_its_label():
    version = choose_version("auto", OTHER, released())
    assert (version.version, version.previous) == (f"1.0.1-g{OTHER.sha256[:7]}", "1.0.0")
    assert [change.text for change in version.changes] == [
        "the golden calls, or the tolerances of the self-test, are others"
    ]


def test_a_version_of_one_s_own():
    assert choose_version("3.1.4", OTHER, released()).version == "3.1.4"


@pytest.mark.parametrize(("last", "setting"), [("1.0.0", "1.0.0"), ("1.0.0-RC", "1.0.0-rc")])
def test_a_released_version_keeps_its_content(last, setting):
    with pytest.raises(PipelineError, match=rf"^package\.version={setting} is released with another content \("):
        choose_version(setting, OTHER, released(last))


def test_the_released_version_may_be_named():
    assert choose_version("1.0.0", CONTENT, released()).version == "1.0.0"


@pytest.mark.parametrize(
    ("last", "part", "expected"),
    [
        ("1.2.3", "major", "2.0.0"),
        ("1.2.3", "minor", "1.3.0"),
        ("1.2.3", "patch", "1.2.4"),
        ("0.2.3", "major", "0.3.0"),
        ("0.2.3", "minor", "0.2.4"),
        ("0.2.3", "patch", "0.2.4"),
        ("2.0.0-rc.1", "major", "2.0.0"),
        ("1.1.0-rc.1", "major", "2.0.0"),
        ("1.1.0-rc.1", "minor", "1.1.0"),
        ("1.1.1-rc.1", "minor", "1.2.0"),
        ("1.1.1-rc.1", "patch", "1.1.1"),
    ],
)
def test_the_next_number(last, part, expected):
    assert str(next_number(last, [Change(part="patch", text="a"), Change(part=part, text="b")])) == expected


@pytest.mark.parametrize(("last", "number"), [("1.0.0", "1.0.1"), ("2.0.0-rc.1", "2.0.0"), ("1.1.0-rc.1", "2.0.0")])
def test_a_label_lies_between_the_last_release_and_the_next(last, number):
    labelled = Version.parse(label_version(last, Version.parse(number), "g0000000"))
    assert Version.parse(last) < labelled < Version.parse(number)


def test_a_label_after_a_pre_release_lies_before_the_next_of_those():
    assert Version.parse(label_version("2.0.0-rc.1", Version(2), "gfffffff")) < Version.parse("2.0.0-rc.2")


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.0.1-g3f9c2a7", "1.0.1"),
        ("2.0.0-rc.1.g3f9c2a7", "2.0.0"),
        ("2.0.0-rc.1", "2.0.0-rc.1"),
        ("1.0.1-g0000000", "1.0.1-g0000000"),
    ],
)
def test_only_the_content_s_own_label_is_stripped(version, expected):
    assert strip_label(version, "g3f9c2a7") == expected
