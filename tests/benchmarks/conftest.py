"""The modules of benchmarks/serving, which a benchmark imports by their bare names."""

import importlib
import sys
from types import SimpleNamespace

import pytest

from pipeline_runs import PROJECT

FOLDER = PROJECT / "benchmarks" / "serving"
MODULES = (
    "load",
    "servers",
    "services",
    "tables",
    "goals",
    "flatness",
    "mischief",
    "overload",
    "batching",
    "startup",
    "soak",
)


@pytest.fixture(scope="session")
def serving():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        yield SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES})
        for name in MODULES:
            del sys.modules[name]
