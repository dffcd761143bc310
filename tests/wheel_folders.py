"""Wheels of onnxruntime for tests: this environment's own package in another folder, under another version's name."""

import importlib.util
from pathlib import Path

from pipeline.runtimes.wheels import Wheel, folder_of

# The real package, which says that it is another version.
DISGUISE = f"""
from pathlib import Path

_real = Path({str(Path(importlib.util.find_spec("onnxruntime").origin).parent)!r})
__path__ = [str(_real)]
exec(compile((_real / "__init__.py").read_text(), str(_real / "__init__.py"), "exec"))
"""


def write_wheel(version: str, source: str = "", package: str = DISGUISE) -> Wheel:
    """Write a wheel into the store; `source` runs at the end of the package's import."""
    folder = folder_of(version)
    (folder / "onnxruntime").mkdir(parents=True)
    (folder / "onnxruntime" / "__init__.py").write_text(f"{package}\n__version__ = {version!r}\n{source}\n")
    return Wheel(version, folder)


# Source for a wheel whose every floating answer is moved a little.
MOVED = """
class InferenceSession(InferenceSession):
    def run(self, *arguments):
        return [value + value.dtype.type(0.1) if value.dtype.kind == "f" else value for value in super().run(*arguments)]
"""
# One that dies in the middle of a run.
DYING = """
import os, signal

class InferenceSession(InferenceSession):
    def run(self, *arguments):
        os.kill(os.getpid(), signal.SIGSEGV)
"""
# One that never ends.
SLOW = """
import time

class InferenceSession(InferenceSession):
    def run(self, *arguments):
        time.sleep(60)
"""
