"""What doctor says of the workspace, and what would run."""

import json
import os
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from pipeline.core.paths import PARITY_REPORT, RUN_RECORD
from pipeline.core.run_record import RunRecord, write_run_record
from pipeline.doctor import outdated, workspace
from pipeline.doctor.checkup import show, summarize
from pipeline.doctor.diagnosis import Diagnosis
from pipeline.doctor.outdated import StalenessGraph

GRAPH = StalenessGraph(
    {"fingerprint": [], "train": ["build/fingerprint/network.json"], "export": ["build/weights"]},
    {"fingerprint": ["build/fingerprint"], "train": ["build/weights"], "export": ["build/exported"]},
)
LOCK = {"train": {"params": {"params.yaml": {"train": {"epochs": 40, "lr": 0.1}}}}, "export": {}}


class FakeRepo:
    """A project of DVC whose status is given."""

    class Stage:
        def __init__(self, name: str) -> None:
            path = namedtuple("Path", "def_path")
            self.name = name
            self.deps = [path(read) for read in GRAPH.reads[name]]
            self.outs = [path(written) for written in GRAPH.writes[name]]

    def __init__(self, **status: list) -> None:
        self._status = status
        self.index = namedtuple("Index", "stages")([self.Stage(name) for name in GRAPH.reads])

    def status(self) -> dict[str, list]:
        return self._status


@pytest.fixture
def locked(empty) -> Path:
    Path("dvc.lock").write_text(json.dumps({"stages": LOCK}))
    Path("params.yaml").write_text(json.dumps({"train": {"epochs": 5, "lr": 0.1}}))
    return empty


def record(**changes: object) -> None:
    Path("build").mkdir(exist_ok=True)
    base = {"tracking_uri": "", "experiment_id": "1", "run_id": "5941", "stage": "train", "process": os.getpid()}
    write_run_record(RunRecord(**{**base, **changes}))


def test_a_stage_that_works_here_is_wrong_since_another_would_be_refused(empty, monkeypatch):
    monkeypatch.setattr(workspace, "find_holder", lambda: "train (process 7, since 09:30:00)")
    (diagnosis,) = workspace.diagnose_use()
    assert (diagnosis.state, diagnosis.text) == ("wrong", "build/ is in use by train (process 7, since 09:30:00)")


def test_a_folder_in_which_no_stage_works_is_not_worth_a_line(empty):
    assert [*workspace.diagnose_use()] == []


def test_nothing_would_run(locked):
    assert outdated.explain_outdated(FakeRepo(), {}) == {}


def test_a_setting_is_told_with_both_values_and_what_follows(locked):
    status = {"train": [{"changed deps": {"params.yaml": {"train": "modified"}}}]}
    assert outdated.explain_outdated(FakeRepo(**status), {}) == {
        "train": ["train.epochs 40 -> 5"],
        "export": ["follows train"],
    }


def test_code_is_told_by_its_folder(locked):
    status = {"export": [{"changed deps": {"pipeline/export": "modified", "build/weights": "modified"}}]}
    assert outdated.explain_outdated(FakeRepo(**status), {}) == {"export": ["the code in pipeline/export was edited"]}


def test_an_output_that_is_gone(locked):
    status = {"export": [{"changed outs": {"build/exported": "deleted"}}]}
    assert outdated.explain_outdated(FakeRepo(**status), {}) == {"export": ["build/exported is gone"]}


def test_a_command_that_changed(locked):
    assert outdated.explain_outdated(FakeRepo(export=["changed command"]), {}) == {
        "export": ["its command in dvc.yaml"]
    }


def test_a_stage_that_never_ran(empty):
    Path("params.yaml").write_text("{}")
    reasons = outdated.explain_outdated(FakeRepo(), {})
    assert reasons == {"train": ["it has never run here"], "export": ["it has never run here"]}


def test_what_lies_outside_makes_a_stage_stale(locked):
    world = {"build/fingerprint/network.json": ["models.digits (model.net._target_) was edited"]}
    assert outdated.explain_outdated(FakeRepo(), world)["train"] == world["build/fingerprint/network.json"]


def test_many_reasons_are_counted():
    assert outdated.describe([*"abcdef"]) == "a, b, c, d and 2 more"


def test_looking_outside_changes_nothing_and_finds_an_edit(linear):
    fingerprint = Path("build/fingerprint/libraries.json")
    before = json.loads(fingerprint.read_text())
    fingerprint.write_text(json.dumps({**before, "torch": "1.0"}))
    files = {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}
    world, refusal = outdated.look_outside()
    assert (world, refusal) == ({fingerprint.as_posix(): [f'torch "1.0" -> "{before["torch"]}"']}, None)
    assert files == {path: path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def test_what_the_first_stage_refuses_is_wrong(linear):
    Path("conf/seed.yaml").write_text("1")
    world, refusal = outdated.look_outside()
    assert (world, refusal.topic, refusal.state) == ({}, "fingerprint", "wrong")
    assert refusal.text.startswith("params.yaml was composed from another conf/")


def test_a_file_that_settings_name_and_is_not_here_is_wrong(params):
    diagnosis = workspace.diagnose_settings(params("model=custom", "model.net._target_=a.B", "data.path=gone.npz"))
    assert (diagnosis.state, diagnosis.text) == ("wrong", "data.path=gone.npz: there is no such file")


def test_no_repository_is_wrong(empty):
    assert workspace.diagnose_git().state == "wrong"


def test_a_repository_without_a_commit_is_noted(empty):
    subprocess.run(["git", "init", "-q"], check=True)
    assert workspace.diagnose_git().text == "there is no commit yet"


def test_a_full_disk_is_noted(monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: namedtuple("Usage", "free")(10**8))
    assert workspace.diagnose_room().state == "note"


def test_a_failed_run_is_noted(empty):
    record(ended="FAILED")
    (diagnosis,) = workspace.diagnose_last_run()
    assert diagnosis.text == "train failed: run 5941 in MLflow says why"


def test_a_run_whose_process_is_gone_is_noted(empty):
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    record(process=done.pid)
    (diagnosis,) = workspace.diagnose_last_run()
    assert diagnosis.text == "train was opened as run 5941 and not closed"


@pytest.mark.parametrize("changes", [{}, {"ended": "FINISHED"}])
def test_a_run_that_goes_on_or_ended_well_is_not(changes, empty):
    record(**changes)
    assert [*workspace.diagnose_last_run()] == []


def test_a_broken_record_tells_of_no_run(empty):
    Path("build").mkdir()
    RUN_RECORD.write_text("{")
    assert [*workspace.diagnose_last_run()] == []


def test_a_gate_that_refused_is_noted(empty):
    Path("reports").mkdir()
    PARITY_REPORT.write_text(json.dumps({"passed": False, "gate": "20 of 40 comparisons failed"}))
    (diagnosis,) = workspace.diagnose_last_run()
    assert diagnosis.text == f"{PARITY_REPORT}: 20 of 40 comparisons failed"


def test_a_folder_that_is_no_project_of_git_and_dvc_is_wrong(linear, fails):
    assert fails("doctor") == "error: doctor: git and DVC: `dvc repro` would fail, as is said above\n"


@pytest.mark.parametrize(
    ("runs", "says"),
    [
        ({}, "all is well and up to date: `dvc repro` would run fingerprint alone, as it always does"),
        (
            {"train": ["x"], "export": ["y"]},
            "all is well; `dvc repro` would run train, export; what comes out as before ends it earlier",
        ),
    ],
)
def test_the_closing_line(runs, says):
    assert summarize(runs) == says


def test_a_pipe_has_a_whole_line_for_each(capsys):
    show([Diagnosis("MLflow", "wrong", "x" * 300, "do it")], {"train": ["y"]})
    assert capsys.readouterr().out == f"wrong MLflow      {'x' * 300} -> do it\nruns  train       y\n"
