import hashlib
import json
from pathlib import Path

import pytest

from experiment_projects import METRICS, SETTINGS, Project
from pipeline.core.errors import PipelineError
from pipeline.experiments.revisions import collect, explain_missing_run, parse_report, read_state


@pytest.fixture
def states(run_once):
    """What DVC would say of the queue's experiments, which only its worker can make."""
    head = run_once.git("rev-parse", "HEAD")

    def with_(*experiments: dict) -> dict:
        return {"rev": head, "name": "main", "data": {}, "error": None, "experiments": list(experiments)}

    return with_


def queued(state: str, name: str = "deep-sea", log: str | None = None, lr: float = 0.5) -> dict:
    """An experiment of the queue; DVC gives it the baseline's reports, which are not its own."""
    data = {
        "params": {"params.yaml": {"data": {"train": {"lr": lr}}}},
        "metrics": {"reports/metrics.json": {"data": METRICS}},
    }
    return {
        "name": name,
        "executor": {"state": state, "local": {"log": log}},
        "revs": [{"rev": "a" * 40, "name": name, "data": data, "error": None}],
    }


def finished(rev: str, name: str = "deep-sea") -> dict:
    return {"name": name, "executor": None, "revs": [{"rev": rev, "name": name, "data": {}, "error": None}]}


def test_workspace_and_baseline_are_named_as_such(run_once):
    assert [revision.name for revision in collect()] == ["workspace", "baseline main"]


def test_a_revision_s_reports_are_read(run_once):
    workspace, baseline = collect()
    assert (workspace.metrics, workspace.verified, workspace.registered) == (METRICS, True, "digits/3")
    assert (baseline.metrics, baseline.verified, baseline.registered) == (METRICS, True, "digits/3")


def test_an_experiment_has_its_own_reports(run_once):
    run_once.experiment("deep-sea", {**SETTINGS, "train": {"lr": 0.5}}, metrics={**METRICS, "accuracy": 0.95})
    experiment = collect()[2]
    assert (experiment.name, experiment.state) == ("deep-sea", "done")
    assert experiment.params["train"] == {"lr": 0.5}
    assert experiment.metrics["accuracy"] == 0.95


def test_what_is_not_there_is_nothing(project):
    project.write(SETTINGS)
    project.commit()
    workspace, _ = collect()
    assert (workspace.state, workspace.metrics, workspace.verified, workspace.registered) == ("done", {}, None, "")


def cache_metrics(project: Project) -> Path:
    """Move the reports' numbers from git into DVC's cache, where they are with every output; the object there."""
    content = json.dumps(METRICS).encode()
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    cached = project.folder / ".dvc" / "cache" / "files" / "md5" / digest[:2] / digest[2:]
    cached.parent.mkdir(parents=True)
    cached.write_bytes(content)
    definition = Path("dvc.yaml").read_text().replace("{cache: false}", "{cache: true}")
    Path("dvc.yaml").write_text(definition)
    lock = json.loads(Path("dvc.lock").read_text())
    out = {"path": "reports/metrics.json", "hash": "md5", "md5": digest, "size": len(content)}
    lock["stages"]["validate"]["outs"] = [out]
    Path("dvc.lock").write_text(json.dumps(lock))
    Path("reports/metrics.json").unlink()
    with Path(".gitignore").open("a") as ignored:
        ignored.write("/.dvc/cache\n/reports/metrics.json\n")
    project.commit()
    return cached


def test_reports_that_dvc_keeps_are_read_from_its_cache(run_once):
    cache_metrics(run_once)
    assert [revision.metrics for revision in collect()] == [METRICS, METRICS]


def test_reports_that_the_cache_has_lost_are_nothing(run_once):
    cache_metrics(run_once).unlink()
    assert [revision.metrics for revision in collect()] == [{}, {}]


def test_experiments_of_other_commits_are_left_out(run_once):
    run_once.experiment("deep-sea", SETTINGS)
    run_once.commit()
    assert [revision.name for revision in collect()] == ["workspace", "baseline main"]


def test_experiments_of_every_commit(run_once):
    first = run_once.git("rev-parse", "HEAD")
    run_once.experiment("deep-sea", SETTINGS, metrics=METRICS)
    run_once.commit()
    names = [revision.name for revision in collect(every_commit=True)]
    assert names == ["workspace", "baseline main", f"commit {first[:7]}", "deep-sea"]


def test_settings_that_did_not_run_have_no_numbers(run_once):
    Path("params.yaml").write_text('{"train": {"lr": 0.7}, "model": {"dynamic_axes": {"0": "batch"}}}')
    workspace, baseline = collect()
    assert (workspace.state, workspace.metrics) == ("not run", {})
    assert workspace.reason == "validate has not finished with these settings: train.lr was 0.1: run `make repro`"
    assert baseline.state == "done"


def test_nothing_has_run(project):
    project.write(SETTINGS)
    Path("dvc.lock").unlink()
    project.commit()
    assert [revision.reason for revision in collect()] == ["nothing has run: run `make repro`", "nothing has run"]


@pytest.mark.parametrize("file", ["params.yaml", "dvc.yaml", "dvc.lock"])
def test_a_file_that_cannot_be_read_is_the_reason(file, run_once):
    Path(file).write_text("x: [")
    workspace, baseline = collect()
    assert (workspace.state, baseline.state) == ("unreadable", "done")
    assert file in workspace.reason


@pytest.mark.parametrize("state", ["queued", "running"])
def test_an_experiment_that_has_not_ended_has_no_numbers(state, states):
    _, experiment = read_state(states(queued(state)), states()["rev"])
    assert (experiment.name, experiment.state, experiment.metrics, experiment.reason) == ("deep-sea", state, {}, "")
    assert experiment.params == {"train": {"lr": 0.5}}


def test_a_failed_experiment_says_why(states, tmp_path):
    log = tmp_path / "log.out"
    log.write_text("error: train: it is too late\nERROR: failed to reproduce 'train'\n")
    _, experiment = read_state(states(queued("failed", log=str(log))), states()["rev"])
    assert (experiment.state, experiment.metrics, experiment.reason) == ("failed", {}, "train: it is too late")


@pytest.mark.parametrize("log", [None, "nowhere.out"])
def test_a_failed_experiment_without_a_log(log, states):
    _, experiment = read_state(states(queued("failed", log=log)), states()["rev"])
    assert experiment.reason.startswith("it ended before its first stage and has no log")


def test_an_experiment_without_a_process_of_its_own(states):
    experiment = queued("failed")
    experiment["executor"]["local"] = None
    _, revision = read_state(states(experiment), states()["rev"])
    assert revision.state == "failed"


def test_one_that_ends_while_dvc_looks_is_there_once(states):
    head = states()["rev"]
    _, *experiments = read_state(states(queued("running"), finished(head)), head)
    assert [experiment.name for experiment in experiments] == ["deep-sea"]


def test_a_commit_without_a_name_has_its_hash(states):
    (commit,) = read_state({**states(), "name": None}, head="another")
    assert commit.name == f"commit {states()['rev'][:7]}"


@pytest.mark.parametrize(
    ("text", "report"),
    [("", {}), ("{", {}), ("[1]", {}), ('{"nodes": 1}', {"nodes": 1})],
    ids=["absent", "cut", "list", "whole"],
)
def test_a_report_that_is_not_one_is_empty(text, report):
    assert parse_report(text) == report


def test_a_lock_without_params_is_of_any_settings():
    assert explain_missing_run({"seed": 1}, "stages: {sdk: {cmd: run}}") == ""


def test_no_project(empty):
    with pytest.raises(PipelineError, match=rf"expected a project of DVC and git in {empty}, got none"):
        collect()


def test_no_git(empty):
    (empty / ".dvc").mkdir()
    (empty / ".dvc" / "config").touch()
    with pytest.raises(PipelineError, match=r"expected a project of DVC and git .* got none"):
        collect()


def test_no_commit(project):
    with pytest.raises(PipelineError, match=r"expected a git commit to compare with, got none: run `git add -A"):
        collect()


def test_dvc_without_git(project):
    Path(".dvc/config").write_text("[core]\n    no_scm = true\n")
    with pytest.raises(PipelineError, match="expected a git commit to compare with"):
        collect()


def test_what_dvc_refuses(run_once, monkeypatch):
    from dvc.exceptions import DvcException
    from dvc.repo.experiments import Experiments

    def refuse(*_, **__):
        raise DvcException("Invalid experiment 'abc'.")

    monkeypatch.setattr(Experiments, "show", refuse)
    with pytest.raises(
        PipelineError, match=r"DVC cannot read its experiments: Invalid experiment 'abc'\.; look with `dvc exp show`"
    ):
        collect()
