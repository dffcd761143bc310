"""The settings with which the tests run the pipeline."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LINEAR = ("model=linear",)
SMALL = ("train.epochs=3", "model.net.kwargs.width=4")
ROAD = ("config", "prepare", "train", "export", "simplify", "validate", "sdk", "package", "verify")
# What proves a network that somebody brings.
PROOF = ("prepare", "train", "export", "simplify", "validate")
# Real .NET has tests of its own; elsewhere it would only take time.
UNVERIFIED = "verify.mode=off"


def net(forward: str, init: str = "pass") -> str:
    """Source of a network: its arguments and what it does with them, and its layers."""
    return f"""
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        {init}

    def forward(self, {forward}
"""
