from pathlib import Path

from pipeline.registry.provenance import collect_provenance
from pipeline.settings.params import load


def test_outside_git(linear, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(linear.parent))
    tags = collect_provenance(load())
    assert (tags["git.commit"], tags["git.dirty"]) == ("none", "false")


def test_without_git(linear, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert collect_provenance(load())["git.commit"] == "none"


def test_dvc_s_hash_of_each_output(linear):
    Path("dvc.lock").write_text(
        "stages:\n  a:\n    outs:\n    - {path: build/simplified, md5: abc.dir}\n  b:\n    outs:\n    - {path: build/data, md5: d.dir}\n"
    )
    tags = collect_provenance(load())
    assert {key: value for key, value in tags.items() if key.startswith("dvc.")} == {
        "dvc.build/simplified": "abc.dir",
        "dvc.build/data": "d.dir",
    }
