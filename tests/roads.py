"""The settings with which the tests run the pipeline."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
LINEAR = ("model=linear",)
SMALL = ("train.epochs=3", "model.net.kwargs.width=4")
ROAD = ("config", "prepare", "train", "export", "simplify", "validate", "sdk", "package", "verify")
# Real .NET has tests of its own; elsewhere it would only take time.
UNVERIFIED = "verify.mode=off"
