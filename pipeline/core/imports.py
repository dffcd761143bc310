"""Imports that the garbage collector does not walk over."""

import gc
import importlib
import sys
from types import ModuleType


def import_frozen(name: str) -> ModuleType:
    """Import a module that stays until the end of the process, out of the garbage collector's sight.

    What torch, MLflow and their like make when they are imported is never garbage: walking over it, while it is made and
    again whenever more is, takes a fifth of the time of `export` and a third of that of `publish`. Not for onnxsim: its
    binding calls what is frozen at the end of the process a leak.

    Raises:
        ImportError: The module, or one that it needs, is not there.
    """
    if name not in sys.modules:
        gc.disable()
        try:
            importlib.import_module(name)
            gc.freeze()
        finally:
            gc.enable()
    return sys.modules[name]
