from pathlib import Path

from pipeline.dotnet import sdk
from pipeline.stages.sdk import STAMP


def test_version(linear, monkeypatch, passes):
    monkeypatch.setattr(sdk, "version", lambda _: "10.0.401")
    passes("sdk")
    assert STAMP.read_text() == "10.0.401\n"


def test_none(linear, monkeypatch, passes):
    monkeypatch.setattr(sdk, "find", lambda: None)
    passes("sdk")
    assert Path("build/dotnet.txt").read_text() == "none\n"
