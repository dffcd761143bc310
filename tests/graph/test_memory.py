import subprocess
import sys

import pytest

from pipeline.graph.memory import return_large_blocks

# Blocks of 8 MB, of which all but the last are freed: those below it in the heap cannot go back.
FREE_ALL_BUT_LAST = """
import ctypes, sys
from pathlib import Path
from pipeline.graph.memory import return_large_blocks
if sys.argv[1] == "returned":
    return_large_blocks()
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
library.free.argtypes = [ctypes.c_void_p]
library.free(library.malloc(30_000_000))
blocks = [library.malloc(8_000_000) for _ in range(20)]
for block in blocks:
    ctypes.memset(ctypes.c_void_p(block), 1, 8_000_000)
for block in blocks[:-1]:
    library.free(block)
print(int(Path("/proc/self/statm").read_text().split()[1]) * 4096)
"""


def resident(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", FREE_ALL_BUT_LAST, how], check=True, capture_output=True, text=True)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
def test_what_is_freed_goes_back_to_the_system():
    assert resident("kept") - resident("returned") > 100_000_000


def test_elsewhere_nothing_is_done(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert not return_large_blocks()
