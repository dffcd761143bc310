from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
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


@pytest.mark.parametrize(
    "content",
    ["", "[" * 10_000, "stages: 7", "stages: {a: {outs: [7]}}", "stages: {a: {outs: [{path: x}]}}", "a: b: c"],
)
def test_a_lock_that_somebody_broke_is_named(content, linear):
    Path("dvc.lock").write_text(content)
    with pytest.raises(
        PipelineError, match=r"dvc\.lock: expected the stages that DVC ran, got a damaged file: get it back"
    ):
        collect_provenance(load())
