from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.core.release import write_release
from pipeline.dotnet.versions.released_file import choose_id, find_release, locate_release
from sample_releases import released

FILE = Path("released/M.json")


def test_it_is_found_again(empty):
    write_release(released("1.2.3"), FILE)
    assert find_release("M", "m") == released("1.2.3")


def test_there_need_be_none(empty):
    assert find_release("M", "m") is None


def test_a_package_is_called_as_the_setting_says_or_as_the_model():
    assert (choose_id("Acme.M", "my_model"), choose_id(None, "my_model")) == ("Acme.M", "MyModel")


@pytest.mark.parametrize("package_id", ["../M", "a b", "/M", ""])
def test_an_id_leaves_the_folder_never(package_id):
    with pytest.raises(PipelineError, match=r"^package\.id: expected letters"):
        locate_release(package_id)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "released/M.json: expected JSON, got "),
        ("[]", "released/M.json: the whole file: "),
        ('{"id": "M"}', "released/M.json: version: Field required"),
    ],
)
def test_a_broken_file(empty, text, problem):
    FILE.parent.mkdir()
    FILE.write_text(text)
    with pytest.raises(PipelineError) as caught:
        find_release("M", "m")
    assert str(caught.value).startswith(problem)
    assert str(caught.value).endswith("; get it back as it was committed: `git checkout -- released/M.json`")


def test_a_folder_in_its_place(empty):
    FILE.mkdir(parents=True)
    with pytest.raises(PipelineError, match=r"^released/M\.json "):
        find_release("M", "m")


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "1.0.0-01"])
def test_a_version_that_is_none(empty, version):
    write_release(released(version), FILE)
    with pytest.raises(
        PipelineError, match=rf"^released/M\.json: version: expected a semantic version .*, got '{version}'"
    ):
        find_release("M", "m")


def test_the_release_of_another_package(empty):
    write_release(released(id="Other"), FILE)
    with pytest.raises(PipelineError, match=r"expected the release of the package 'M', got that of 'Other'"):
        find_release("M", "m")


def test_the_release_of_another_model(empty):
    write_release(released(), FILE)
    with pytest.raises(PipelineError, match=r"expected the release of the model 'digits', got that of the model 'm'"):
        find_release("M", "digits")


def test_a_release_without_its_api(empty):
    write_release(released(api=None), FILE)
    assert find_release("M", "m").api is None


@pytest.mark.parametrize("content", [b"", b"b\na\n", b"a\na\n", b"\xff\xfe"])
def test_a_broken_api(empty, content):
    write_release(released(), FILE)
    FILE.with_suffix(".api.txt").write_bytes(content)
    with pytest.raises(
        PipelineError,
        match=r"^released/M\.api\.txt: expected the public API, .*`git checkout -- released/M\.api\.txt`$",
    ):
        find_release("M", "m")
