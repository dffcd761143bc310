"""Wheels that tests make, without pip: a folder in a store of their own, with a package that says what a test wants."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.runtimes.wheels import Wheel
from wheel_folders import DISGUISE, write_wheel


@pytest.fixture
def store(tmp_path, monkeypatch) -> Path:
    """An empty store of wheels."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "torch2dotnet" / "onnxruntime"


@pytest.fixture
def wheel(store) -> Callable[..., Wheel]:
    """Put a wheel into the store: this environment's onnxruntime under another version; `source` changes what it does."""

    def make(version: str, source: str = "", package: str = DISGUISE) -> Wheel:
        return write_wheel(version, textwrap.dedent(source), package)

    return make
