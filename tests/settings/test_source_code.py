from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.settings import source_code
from pipeline.settings.source_code import import_closure, imported_libraries, search_path


@pytest.fixture
def project(empty):
    """Write modules; the search starts in this folder."""

    def write(**modules: str) -> None:
        search_path.cache_clear()
        for name, text in modules.items():
            path = empty / f"{name.replace('__', '/', 1)}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    yield write
    search_path.cache_clear()


def test_a_module_and_what_it_imports(project):
    project(
        nets="import layers\nfrom heads import Head\n",
        layers="import numpy",
        heads="def f():\n    import deep",
        deep="",
        other="",
    )
    assert list(import_closure("nets.Net")) == ["deep", "heads", "layers", "nets"]


def test_a_package_and_what_it_imports_relatively(project):
    project(
        pack____init__="from . import a\n",
        pack__a="from .b import thing\nfrom ..pack import c\n",
        pack__b="",
        pack__c="",
        pack__unused="",
    )
    assert list(import_closure("pack.a.Net")) == ["pack", "pack.a", "pack.b", "pack.c"]


def test_libraries_that_the_modules_import(project):
    project(
        nets="import json\nimport torch.nn as nn\nfrom layers import x\nimport pipeline.core\n",
        layers="from sklearn import svm",
    )
    assert imported_libraries(import_closure("nets.Net")) == ["sklearn", "torch"]


def test_a_circle_ends(project):
    project(a="import b", b="import a")
    assert list(import_closure("a.Net")) == ["a", "b"]


def test_a_method_of_a_class(project):
    project(nets="class Net:\n    pass\n")
    assert list(import_closure("nets.Net.from_pretrained")) == ["nets"]


@pytest.mark.parametrize("name", ["torch.nn.Linear", "pipeline.data.sources.digits", "nowhere.Net"])
def test_what_is_installed_or_ours_or_nowhere_has_no_source_here(name, project):
    project()
    assert import_closure(name) == {}


def test_pythonpath_counts_too(project, tmp_path_factory, monkeypatch):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "faraway.py").write_text("")
    monkeypatch.syspath_prepend(elsewhere)
    project()
    assert import_closure("faraway.Net") == {"faraway": elsewhere / "faraway.py"}


def test_a_module_that_is_not_python(project):
    project(nets="def (")
    with pytest.raises(PipelineError, match=r"nets\.py: expected Python, got: .*: mend it"):
        import_closure("nets.Net")


def test_a_module_that_cannot_be_read(project, monkeypatch):
    project(nets="")

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(PipelineError, match=r"nets\.py cannot be read \(Permission denied\): give access to it"):
        import_closure("nets.Net")


def test_nothing_is_imported(project):
    project(nets="raise RuntimeError('imported')")
    assert list(import_closure("nets.Net")) == ["nets"]
    assert source_code.find_module("nets") is not None
