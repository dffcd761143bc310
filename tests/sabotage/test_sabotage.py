"""Every way to break the hand-off that is known here is caught, at the right stage, by a sentence that names it."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import good_builds
from pipeline.dotnet import sdk
from sabotage import Sabotage, attempt, problem
from sabotages import REGISTRY

needs_sdk = pytest.mark.skipif(sdk.version(sdk.find()) is None, reason="needs a .NET SDK")


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Callable[[str], Path]:
    """A good build, made when it is first asked for."""
    made: dict[str, Path] = {}

    def make(name: str) -> Path:
        if name not in made:
            made[name] = good_builds.make(name, tmp_path_factory.mktemp(name.replace(" ", "_")))
        return made[name]

    return make


def cases() -> list:
    return [
        pytest.param(sabotage, id=sabotage.name, marks=[needs_sdk] if sabotage.dotnet else []) for sabotage in REGISTRY
    ]


@pytest.mark.parametrize("sabotage", cases())
def test_it_is_caught(sabotage: Sabotage, build, tmp_path):
    folder = shutil.copytree(build(sabotage.build), tmp_path / "project")
    if sabotage.needs_other:
        (tmp_path / "other").symlink_to(build(good_builds.OTHER))
    trial = attempt(sabotage, folder)
    assert problem(sabotage, trial) == ""


def test_there_are_more_than_forty_and_each_has_a_name_of_its_own():
    assert len(REGISTRY) > 40
    assert [name for name, count in Counter(sabotage.name for sabotage in REGISTRY).items() if count > 1] == []
