import gc
import sys

import pytest

from pipeline.core.imports import import_frozen


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module that notes whether the collector was on while it was imported."""
    (tmp_path / "imported_once.py").write_text("import gc\n\nCOLLECTED = gc.isenabled()\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "imported_once"
    sys.modules.pop("imported_once", None)


def test_the_collector_is_off_while_a_module_is_imported(module):
    assert import_frozen(module).COLLECTED is False
    assert gc.isenabled()


def test_what_is_imported_is_frozen(module):
    gc.unfreeze()
    import_frozen(module)
    assert gc.get_freeze_count() > 0


def test_a_module_that_is_there_freezes_nothing(module):
    first = import_frozen(module)
    gc.unfreeze()
    assert import_frozen(module) is first
    assert gc.get_freeze_count() == 0


def test_the_collector_is_on_again_when_an_import_fails():
    with pytest.raises(ModuleNotFoundError):
        import_frozen("no_such_module_here")
    assert gc.isenabled()
