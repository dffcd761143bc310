import pytest

from pipeline.core.semantic_version import is_same, is_semantic


@pytest.mark.parametrize(
    "version", ["0.0.1", "1.2.3-01", "1.2.3-beta.1", "10.20.30-rc-2", "1.0.1-g3f9c2a7", "2.0.0-rc.1.g3f9c2a7"]
)
def test_versions_that_nuget_takes(version):
    assert is_semantic(version)


@pytest.mark.parametrize(
    "version", ["", "1", "1.2", "v1.2.3", "01.2.3", "1.2.3-", "1.2.3+build", "1.2.3.4", "١.2.3", "1.2.3\n"]
)
def test_versions_that_it_does_not(version):
    assert not is_semantic(version)


def test_capitals_are_no_difference_to_nuget():
    assert is_same("1.0.0-RC.1", "1.0.0-rc.1")
    assert not is_same("1.0.0", "1.0.0-rc.1")
