from pathlib import Path

import onnxruntime
import pytest

from pipeline.core.errors import PipelineError
from pipeline.runtimes import wheels
from pipeline.runtimes.wheels import (
    TAG,
    Wheel,
    find_wheel,
    list_wheels,
    parse_version,
    require_wheel,
)
from pipeline.runtimes.wheels import (
    store as find_store,
)


@pytest.mark.parametrize(("text", "version"), [("1.18", "1.18"), ("1.18.1", "1.18.1"), ("onnxruntime-1.20", "1.20")])
def test_versions(text, version):
    assert parse_version(text) == version


@pytest.mark.parametrize("text", ["", "1", "2.0", "1.x", "latest", "1.18.1.2", "v1.18"])
def test_what_is_no_version(text):
    with pytest.raises(PipelineError, match=r"expected a version of onnxruntime such as 1\.18 or 1\.18\.1, got "):
        parse_version(text)


@pytest.mark.parametrize("text", ["1.15", "1.8.1"])
def test_versions_older_than_the_client(text):
    with pytest.raises(PipelineError, match=rf"onnxruntime {text} is too old: expected 1\.16 or later, .* OrtValue"):
        parse_version(text)


def test_the_store_is_below_the_cache_folder(store):
    assert find_store() == store


@pytest.mark.parametrize("value", ["", "relative/cache"])
def test_a_cache_folder_that_is_no_absolute_path_does_not_count(value, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    assert find_store() == Path.home() / ".cache" / "torch2dotnet" / "onnxruntime"


def test_of_a_minor_version_the_newest_wheel_is_found(wheel):
    for version in ("1.18.2", "1.18.10", "1.19.0"):
        wheel(version)
    assert find_wheel("1.18").version == "1.18.10"


def test_a_whole_version_is_found_exactly(wheel):
    made = [wheel(version) for version in ("1.18.2", "1.18.10")]
    assert find_wheel("1.18.2") == made[0]
    assert find_wheel("1.18.1") is None


def test_this_environment_s_own_counts(store):
    assert find_wheel(".".join(onnxruntime.__version__.split(".")[:2])) == Wheel(onnxruntime.__version__, None)


def test_of_one_version_this_environment_s_own_is_taken(wheel):
    wheel(onnxruntime.__version__)
    assert find_wheel(onnxruntime.__version__).folder is None


def test_an_environment_without_onnxruntime_has_none(wheel, monkeypatch):
    def absent(_):
        raise wheels.PackageNotFoundError

    made = wheel("1.18.1")
    monkeypatch.setattr(wheels, "installed_version", absent)
    assert list_wheels() == [made]


@pytest.mark.parametrize("name", ["1.18.1-cp39-linux-x86_64", f".1.18-{TAG}.new.1.tmp", f"old-{TAG}"])
def test_other_folders_are_no_wheels(name, store):
    (store / name).mkdir(parents=True)
    assert find_wheel("1.18") is None


def test_a_wheel_that_is_needed_and_not_here_says_how_to_get_it(store):
    with pytest.raises(PipelineError) as raised:
        require_wheel("1.18", "target=onnxruntime-1.18")
    said = str(raised.value)
    assert said.startswith("target=onnxruntime-1.18: expected the wheel of onnxruntime 1.18 for Python 3.")
    assert said.endswith(f"got none in {store}: install it with `python -m pipeline compat --install 1.18`")
