"""Packages with golden calls, for consumers whose programs run the self-test."""

import shutil
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from csharp_projects import TINY, Cargo, Dotnet, tiny_model
from pipeline.core.golden import GoldenCall
from pipeline.dotnet.client import plain_sources

MODEL = tiny_model(1)
REFERENCE = '<PackageReference Include="Acme.Tiny" Version="1.0.0" />'
# A type that no consumer sees, and its name in another version of this project.
INTERNAL, RENAMED = "RowQueue", "WaitingLine"


def answer(pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Of onnxruntime, which stands in for PyTorch."""
    names = ["label", "probabilities"]
    return dict(zip(names, onnxruntime.InferenceSession(MODEL).run(names, {"pixels": pixels}), strict=True))


def make_calls() -> list[GoldenCall]:
    """Two calls, of one row and of three."""
    rows = np.random.default_rng(0).uniform(0, 16, size=(4, 2, 2)).astype(np.float32)
    calls = {"one": rows[:1], "three": rows[1:]}
    return [
        GoldenCall(name, "rows", len(pixels), {"batch": len(pixels)}, {"pixels": pixels}, answer(pixels))
        for name, pixels in calls.items()
    ]


def expect_line() -> str:
    """What programs/SelfTest.cs prints."""
    row = np.array([1, 2, 3, 4], np.float32).reshape(1, 2, 2)
    return f"passed 2 CPU {answer(row)['label'][0]}"


def pack_of_another_project(dotnet: Dotnet, folder: Path) -> None:
    """Put Acme.Other into the feed, made by a version of this project in which an internal type has another name.

    Args:
        dotnet: Where the feed is.
        folder: Where the plain sources of that version are written.
    """
    shutil.copytree(
        plain_sources.CSHARP, folder, ignore=lambda _, names: {"bin", "obj", "tests", "sample"} & set(names)
    )
    for path in folder.rglob("*.cs"):
        path.write_text(path.read_text().replace(INTERNAL, RENAMED))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_sources, "CSHARP", folder)
        dotnet.pack(TINY, MODEL, "Other", cargo=Cargo(calls=make_calls()))
