"""The settings with which the tests run the pipeline, and the way down it."""

import contextlib
import json
import shutil
from pathlib import Path

from pipeline.__main__ import main
from pipeline.core.arrays import Arrays
from pipeline.core.contract import golden_sha256
from pipeline.core.files import CHECKSUMS, sha256
from pipeline.core.golden import load_calls
from pipeline.core.paths import BUILD, CONTRACT

PROJECT = Path(__file__).resolve().parents[1]
LINEAR = ("model=linear",)
SMALL = ("train.epochs=3", "model.net.kwargs.width=4")
STAGES = ("fingerprint", "prepare", "train", "export", "simplify", "validate", "package", "verify")
# What proves a network that somebody brings.
PROOF = ("fingerprint", "prepare", "train", "export", "simplify", "validate")
# Real .NET has tests of its own; elsewhere it would only take time.
UNVERIFIED = "verify.mode=off"
UNCOMPILED = "package.client=source"
# A store that refuses at once, for a stage that a test starts as `python -m pipeline` and that is to record nothing.
NOBODY = "http://127.0.0.1:1"


def bring_conf() -> None:
    """Put conf/ into the current folder: fingerprint compares params.yaml with it."""
    shutil.copytree(PROJECT / "conf", "conf", dirs_exist_ok=True)


def run_stages(folder: Path, *overrides: str) -> Path:
    """A project folder in which everything up to verify has run."""
    shutil.copytree(PROJECT / "conf", folder / "conf")
    with contextlib.chdir(folder):
        for command in [["params", UNVERIFIED, UNCOMPILED, *overrides], *([stage] for stage in STAGES)]:
            assert main(command) == 0
    return folder


def golden_inputs() -> dict[str, Arrays]:
    """Inputs of the golden calls without texts, by the call's name."""
    return {call.name: call.inputs for call in load_calls() if not call.texts}


def golden_outputs() -> dict[str, Arrays]:
    """PyTorch's answers to them."""
    return {call.name: call.outputs for call in load_calls() if not call.texts}


def reseal(*paths: Path) -> None:
    """Note what the folders of `paths` hold now as what their stages wrote, so that a test's edit gets past the checksums."""
    for folder in {BUILD / path.relative_to(BUILD).parts[0] for path in paths}:
        files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CHECKSUMS)
        sums = "".join(f"{sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files)
        (folder / CHECKSUMS).write_text(sums)


def regolden() -> None:
    """Make the contract agree with the golden files as they are now."""
    content = json.loads(CONTRACT.read_text())
    content["golden"] = golden_sha256()
    CONTRACT.write_text(json.dumps(content))
    reseal(CONTRACT)


def net(forward: str, init: str = "pass") -> str:
    """Source of a network: its arguments and what it does with them, and its layers."""
    return f"""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {init}

    def forward(self, {forward}
"""
