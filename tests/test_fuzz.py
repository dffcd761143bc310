"""A seeded sample of broken files: every stage says one sentence. benchmarks/fuzz.py has five hundred."""

from pathlib import Path

import pytest

import damage
from pipeline.core.paths import BUILD

SAMPLE = 60
# The stages that take a moment; benchmarks/fuzz.py has the others.
READERS = {
    "params.yaml": ("fingerprint", "validate"),
    "build/data/test.npz": ("validate",),
    "build/data/SHA256SUMS": ("validate", "package"),
    "build/weights/checkpoint.safetensors": ("export",),
    "build/exported/model.onnx": ("validate",),
    "build/simplified/model.onnx": ("validate", "package"),
    "build/simplified/SHA256SUMS": ("validate", "package"),
    "build/golden/contract.json": ("validate", "package", "verify"),
    "build/golden/calls.json": ("validate", "package"),
    "build/golden/calls.npz": ("validate", "package"),
    "build/golden/test.npz": ("validate",),
    "build/golden/SHA256SUMS": ("validate", "verify"),
    "build/package/manifest.json": ("verify",),
    "build/package/*.nupkg": ("verify",),
    "reports/parity.json": ("package",),
}


def test_a_broken_file_gets_one_sentence(linear_run, tmp_path, monkeypatch):
    monkeypatch.chdir(linear_run)
    endings = {}
    for number, case in enumerate(damage.choose(READERS, SAMPLE, seed=0)):
        monkeypatch.chdir(damage.copy(linear_run, tmp_path / f"{number}"))
        before = case.path.read_bytes()
        damage.apply(case)
        code, stderr = damage.run_quietly([case.stage])
        guarded = case.path.is_relative_to(BUILD) and case.path.name != "SHA256SUMS" and not case.sealed
        changed = not case.path.is_file() or case.path.read_bytes() != before
        if code == 0 and not (guarded and changed):
            continue
        if not damage.is_sentence(case.stage, stderr):
            endings[case.name] = stderr or "taken, though a checksum guards it"
        monkeypatch.chdir(tmp_path)
    assert endings == {}


@pytest.mark.parametrize("kind", sorted(damage.BY_SUFFIX))
def test_every_kind_of_file_has_edits(kind):
    assert damage.BY_SUFFIX[kind]


def test_the_same_seed_chooses_the_same(linear_run, monkeypatch):
    monkeypatch.chdir(linear_run)
    assert (
        damage.choose(READERS, 40, seed=3) == damage.choose(READERS, 40, seed=3) != damage.choose(READERS, 40, seed=4)
    )


def test_an_edit_is_made_of_the_file_that_is_there(linear_run, tmp_path, monkeypatch):
    monkeypatch.chdir(damage.copy(linear_run, tmp_path / "project"))
    path = Path("build/golden/calls.json")
    damage.apply(damage.Damage(path, "validate", "a key missing", sealed=True, seed=0))
    assert damage.run_quietly(["simplify"]) == (0, "")
