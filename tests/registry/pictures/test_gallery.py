"""Which pictures a run has, and where they lie."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.core.contract import load_contract
from pipeline.core.dotnet_report import DotnetReport
from pipeline.core.parity_report import ParityReport
from pipeline.core.reports import ExportReport, SimplifyReport, read_report
from pipeline.dotnet.nuget.manifest import read_package
from pipeline.registry.pictures.gallery import embed_pictures, log_pictures
from pipeline.registry.run_content import Evidence, read_curves

NAMES = ("confusion", "parity", "training", "worst-rows")


class Store:
    """What MLflow's client has been given, copied."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def log_artifacts(self, run_id: str, local_dir: str, artifact_path: str) -> None:
        shutil.copytree(local_dir, self.folder / run_id / artifact_path)

    def files(self) -> dict[str, bytes]:
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in self.folder.rglob("*.png")}


@pytest.fixture
def evidence(digits) -> Evidence:
    reports = (read_report(kind) for kind in (ExportReport, SimplifyReport, ParityReport, DotnetReport))
    return Evidence(load_contract(), *reports, read_package(), read_curves())


def test_every_picture_is_logged_light_and_dark(evidence, tmp_path):
    store = Store(tmp_path / "store")
    log_pictures(store, "r", evidence)
    assert sorted(store.files()) == sorted(
        f"r/pictures/{scheme}/{name}.png" for scheme in ("light", "dark") for name in NAMES
    )
    assert all(content.startswith(b"\x89PNG") for content in store.files().values())


def test_the_same_evidence_has_the_same_pictures(evidence, tmp_path):
    first, second = Store(tmp_path / "first"), Store(tmp_path / "second")
    log_pictures(first, "r", evidence)
    log_pictures(second, "r", evidence)
    assert first.files() == second.files()


def test_what_a_model_did_not_do_has_no_picture(evidence):
    parity = evidence.parity.model_copy(update={"task": None, "task_detail": None})
    bare = replace(evidence, curves=(), parity=parity)
    assert [line.rpartition("/")[2] for line in embed_pictures("r", bare)] == ["parity.png)", "worst-rows.png)"]


def test_where_there_is_nothing_to_draw_nothing_is_logged(evidence, tmp_path):
    parity = evidence.parity.model_copy(update={"task": None, "task_detail": None, "evidence": None})
    store = Store(tmp_path / "store")
    log_pictures(store, "r", replace(evidence, curves=(), parity=parity))
    assert store.files() == {}


def test_the_note_links_to_the_light_ones(evidence):
    lines = embed_pictures("r7", evidence)
    assert lines[1].startswith("![")
    assert lines[1].endswith("](get-artifact?run_uuid=r7&path=pictures/light/confusion.png)")
    assert len(lines) == len(NAMES)
