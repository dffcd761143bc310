from pathlib import Path

from pipeline.core.paths import SIMPLIFIED
from pipeline.registry.provenance import lineage
from pipeline.settings.params import load


def test_outside_git(linear, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(linear.parent))
    tags = lineage(load(), ())
    assert (tags["git.commit"], tags["git.dirty"]) == ("none", "false")


def test_without_git(linear, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert lineage(load(), ())["git.commit"] == "none"


def test_dvc_s_hashes_of_what_is_asked_for(linear):
    Path("dvc.lock").write_text(
        "stages:\n  a:\n    outs:\n    - {path: build/simplified/model.onnx, md5: abc}\n    - {path: build/data/train.npz, md5: d}\n"
    )
    tags = lineage(load(), (SIMPLIFIED,))
    assert {key: value for key, value in tags.items() if key.startswith("dvc.")} == {
        "dvc.build/simplified/model.onnx": "abc"
    }
