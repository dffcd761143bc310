"""The settings with which the tests run the pipeline, and the way down it."""

import contextlib
import shutil
from pathlib import Path

from pipeline.__main__ import main

PROJECT = Path(__file__).resolve().parents[1]
LINEAR = ("model=linear",)
SMALL = ("train.epochs=3", "model.net.kwargs.width=4")
STAGES = ("fingerprint", "prepare", "train", "export", "simplify", "validate", "package", "verify")
# What proves a network that somebody brings.
PROOF = ("prepare", "train", "export", "simplify", "validate")
# Real .NET has tests of its own; elsewhere it would only take time.
UNVERIFIED = "verify.mode=off"


def run_stages(folder: Path, *overrides: str) -> Path:
    """A project folder in which everything up to verify has run."""
    shutil.copytree(PROJECT / "conf", folder / "conf")
    with contextlib.chdir(folder):
        for command in [["params", UNVERIFIED, *overrides], *([stage] for stage in STAGES)]:
            assert main(command) == 0
    return folder


def net(forward: str, init: str = "pass") -> str:
    """Source of a network: its arguments and what it does with them, and its layers."""
    return f"""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {init}

    def forward(self, {forward}
"""
