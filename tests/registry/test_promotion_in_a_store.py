"""Promotion with MLflow's own registry: what the tests in memory take for granted."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.__main__ import main
from pipeline.core.files import read_json
from pipeline.core.paths import PUBLISH_REPORT
from pipeline_runs import LINEAR, PROJECT

UNVERIFIED = (*LINEAR, "verify.mode=off")


def client(folder: Path = Path()):
    from mlflow import MlflowClient

    store = f"sqlite:///{folder.resolve()}/mlflow.db"
    return MlflowClient(store, registry_uri=store)


def aliases(folder: Path = Path()) -> dict[str, str]:
    return {alias: str(number) for alias, number in client(folder).get_registered_model("linear").aliases.items()}


def pack(version: str, *overrides: str) -> None:
    """Another package, which is another version in the registry."""
    for command in (["params", *UNVERIFIED, f"package.version={version}", *overrides], ["package"], ["verify"]):
        assert main(command) == 0


@pytest.fixture(scope="module")
def published(linear_run, tmp_path_factory) -> Path:
    """A project with a store in which a linear model is published, as two versions."""
    folder = Path(shutil.copytree(linear_run, tmp_path_factory.mktemp("promotion") / "project"))
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)  # MLflow leaves the last store there
        for version in ("1.0.0", "1.0.1"):
            pack(version)
            assert main(["publish"]) == 0
    return folder


@pytest.fixture
def project(published, enter) -> Path:
    """A copy, with the store's tables; the artifacts stay in `published`."""
    return enter(published)


def test_the_first_version_is_champion_and_without_a_task_it_stays(published):
    report = read_json(published / PUBLISH_REPORT, "publish")
    assert (report["version"], report["champion"]) == ("2", "1")
    assert report["promotion"] == (
        "version 1 stays champion, not version 2: there is no task metric to compare by (model.task); `python -m pipeline promote 2` "
        "moves it by hand"
    )
    assert aliases(published) == {"candidate": "2", "champion": "1"}


def test_publishing_again_says_the_same(project, passes):
    before = PUBLISH_REPORT.read_bytes()
    passes("publish")
    assert PUBLISH_REPORT.read_bytes() == before


def test_promote_and_rollback(project, passes):
    assert passes("promote", "--reason", "needed") == (
        "promote: version 2 of linear is champion now, in the place of version 1\n"
    )
    assert client().get_model_version("linear", "2").tags["champion.why"] == "needed"
    assert passes("rollback") == "rollback: version 1 of linear is champion now, in the place of version 2\n"
    assert aliases() == {"candidate": "2", "champion": "1"}


def test_rollback_of_the_first_champion(project, fails):
    assert "version 1 of linear is champion, and no version that still exists was it before: choose one" in fails(
        "rollback"
    )


def test_rollback_without_a_champion(project, fails):
    client().delete_registered_model_alias("linear", "champion")
    assert "no version of linear is champion: there is nothing to go back from" in fails("rollback")


def test_promote_of_a_version_that_is_not_there(project, fails):
    assert fails("promote", "7") == "error: promote: linear has no version 7: it has 1, 2\n"


def test_promote_of_a_version_whose_run_failed(project, fails):
    store = client()
    store.set_terminated(store.get_model_version("linear", "2").tags["run_id"], "FAILED")
    assert "version 2 of linear has not passed: its run " in fails("promote", "2")
    assert aliases()["champion"] == "1"


def test_promote_without_a_store(project, fails):
    Path("mlflow.db").unlink()
    assert "/mlflow.db: there is no MLflow store: publish into it" in fails("promote", "2")


def test_fetch_needs_the_store_alone(published, empty, passes):
    store = f"sqlite:///{published}/mlflow.db"
    assert "version 1 of linear (champion)" in passes("fetch", "models:/linear@champion", "--tracking-uri", store)
    assert (empty / "linear-1" / "Linear.1.0.0.nupkg").is_file()


def test_fetch_finds_the_store_of_the_project(project, passes):
    assert "version 2 of linear (candidate)" in passes("fetch", "linear/2", "--to", "there")
    assert (project / "there" / "Linear.1.0.1.nupkg").is_file()


def lose_artifacts(folder: Path) -> None:
    """The files of the runs are where nobody finds them."""
    with contextlib.closing(sqlite3.connect(folder / "mlflow.db")) as database:
        database.execute("update runs set artifact_uri = replace(artifact_uri, '/mlartifacts/', '/gone/')")
        database.commit()


def test_fetch_of_a_version_whose_files_were_deleted(project, fails):
    lose_artifacts(project)
    assert "models:/linear/1: build/package/manifest.json cannot be had from run " in fails("fetch", "linear@champion")


def test_a_champion_whose_package_is_gone_stays_and_the_new_one_is_published(project, passes):
    lose_artifacts(project)
    pack("1.0.2")
    passes("publish")
    report = read_json(PUBLISH_REPORT, "publish")
    assert (report["version"], report["champion"]) == ("3", "1")
    assert report["promotion"].startswith(
        "version 1 stays champion, not version 3, which could not be compared with it (models:/linear/1: build/package/manifest.json cannot "
    )
    assert report["promotion"].endswith("; `python -m pipeline promote 3` moves it by hand")


def test_two_publishers_at_once(project, tmp_path):
    """Two processes, two packages: two versions more, and each alias on one."""
    store = f"publish.tracking_uri=sqlite:///{project}/mlflow.db"
    projects = [Path(shutil.copytree(project, tmp_path / name)) for name in ("a", "b")]
    for number, folder in enumerate(projects):
        with contextlib.chdir(folder):
            pack(f"2.0.{number}", store)
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "pipeline", "publish"],
            cwd=folder,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for folder in projects
    ]
    assert [(process.communicate()[1], process.returncode)[1] for process in processes] == [0, 0]
    versions = {read_json(folder / PUBLISH_REPORT, "publish")["version"] for folder in projects}
    assert versions == {"3", "4"}
    assert aliases()["champion"] == "1"
    assert aliases()["candidate"] in versions
