"""The main job as a user runs it: real `dvc`, in a clone of the project as it stands."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from pipeline.dotnet import sdk
from pipeline.graph.session import answer, open_session
from pipeline_runs import golden_inputs, golden_outputs

PROJECT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.slow


class Clone:
    """A copy of what git knows of the project, committed, with the commands a user types."""

    def __init__(self, folder: Path, made: bool = False) -> None:
        self.folder = folder
        if made:
            return
        folder.mkdir(exist_ok=True)
        listed = self.call(
            "git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=PROJECT
        ).stdout.splitlines()
        for name in listed:
            if (PROJECT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(PROJECT / name, folder / name)
        # What one has run before must not stand in for what this run does.
        for name in ("dvc.lock", "reports"):
            path = folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        self.call("git", "init", "-q")
        self.commit("clone")

    def call(self, *command: str, cwd: Path | None = None, fails: bool = False) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
        environment.pop("MLFLOW_TRACKING_URI", None)
        done = subprocess.run(
            command, cwd=cwd or self.folder, capture_output=True, text=True, env=environment, check=False
        )
        assert (done.returncode != 0) is fails, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def commit(self, message: str) -> None:
        self.call("git", "add", "-A")
        self.call("git", "-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", message)

    def repro(self, *arguments: str, fails: bool = False) -> list[str]:
        """Run `dvc repro`; the stages that ran."""
        self.done = self.call("dvc", "repro", *arguments, fails=fails)
        ran = [line.split("'")[1] for line in self.done.stdout.splitlines() if line.startswith("Running stage")]
        return [stage for stage in ran if stage != "fingerprint"]  # it always runs

    def params(self, *overrides: str) -> None:
        self.call("python", "-m", "pipeline", "params", *overrides)

    def report(self, name: str) -> dict:
        return json.loads((self.folder / "reports" / f"{name}.json").read_text())

    def client(self) -> MlflowClient:
        store = f"sqlite:///{self.folder}/mlflow.db"
        return MlflowClient(store, registry_uri=store)

    def versions(self, model: str) -> list[str]:
        return [str(version.version) for version in self.client().search_model_versions(f"name = '{model}'")]

    def bytes(self) -> dict[str, bytes]:
        return {
            str(p.relative_to(self.folder)): p.read_bytes()
            for p in sorted((self.folder / "build").rglob("*"))
            # Outputs of no stage: restored packages, and which run in MLflow is this one's.
            if p.is_file() and "nuget" not in p.parts and p.name != "run.json"
        }


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    made = Clone(tmp_path_factory.mktemp("clone"))
    made.first = made.repro()
    made.printed = made.done
    made.commit("the first run")
    made.first_commit = made.call("git", "rev-parse", "HEAD").stdout.strip()
    return made


@pytest.fixture(autouse=True)
def _as_after_the_first_run(clone: Clone):
    publication = clone.folder / "reports" / "publish.json"
    published = publication.read_bytes()
    yield
    publication.write_bytes(published)  # no cache has it
    clone.call("git", "reset", "-q", "--hard", clone.first_commit)
    clone.call("git", "clean", "-fdq")
    clone.call("dvc", "checkout", "-q", "--force")


def test_main_job(clone: Clone) -> None:
    assert clone.first == ["prepare", "train", "export", "simplify", "validate", "package", "verify", "publish"]
    parity = clone.report("parity")
    assert parity["passed"]
    assert parity["task"]["simplify"] >= 0.96
    assert {entry["batch"] for entry in parity["comparisons"]} >= {1, 2, 3, 7}
    assert clone.versions("digits") == ["1"]
    (run,) = clone.client().search_runs(["1"])
    assert run.data.tags["dotnet.verified"] == str(clone.report("dotnet")["verified"]).lower()


def test_one_run_has_it_all_from_the_first_epoch_on(clone: Clone) -> None:
    (run,) = clone.client().search_runs(["1"])
    assert (run.info.status, run.data.tags["mlflow.source.name"]) == ("FINISHED", "python -m pipeline train")
    with (clone.folder / "reports" / "plots" / "train.csv").open() as file:
        epochs = [float(row["epoch"]) for row in csv.DictReader(file)]
    logged = clone.client().get_metric_history(run.info.run_id, "train.validation_loss")
    assert [point.step for point in logged] == epochs


def test_the_main_job_prints_what_the_stages_say_and_dvc_s_own_lines(clone: Clone) -> None:
    stages = ("fingerprint", *clone.first)
    dvc = (
        r"Running stage '\w+':|> python -m pipeline \w+|(Generating|Updating) lock file 'dvc\.lock'|Use `dvc push` .*|"
    )
    dvc += r"To track the changes with git, run:|\tgit add .*|To enable auto staging, run:|\tdvc config core\.autostage true"
    lines = [line for line in (clone.printed.stdout + clone.printed.stderr).splitlines() if line.strip()]
    assert [line for line in lines if not re.fullmatch(f"{dvc}|({'|'.join(stages)}): .*", line)] == []


def test_every_stage_ends_in_one_line_and_publish_in_six(clone: Clone) -> None:
    lines = Counter(line.partition(": ")[0] for line in clone.printed.stdout.splitlines())
    stages = ("fingerprint", *clone.first)
    assert {stage: lines[stage] for stage in stages} == {stage: 6 if stage == "publish" else 1 for stage in stages}


@pytest.mark.skipif(sdk.version(sdk.find()) is None, reason="no .NET SDK on PATH, in DOTNET_ROOT or in ~/.dotnet")
def test_verified_in_real_dotnet(clone: Clone) -> None:
    (run,) = clone.client().search_runs(["1"])
    assert run.data.tags["dotnet.verified"] == "true"
    note = run.data.tags["mlflow.note.content"]
    assert note.startswith("**Passed: graph and package answer what PyTorch answered, the package in .NET ")


@pytest.mark.skipif(sdk.version(sdk.find()) is None, reason="no .NET SDK on PATH, in DOTNET_ROOT or in ~/.dotnet")
def test_an_sdk_that_goes_makes_verify_stale(clone: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = [folder for folder in os.environ["PATH"].split(os.pathsep) if not (Path(folder) / "dotnet").exists()]
    monkeypatch.setenv("PATH", os.pathsep.join(here))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DOTNET_ROOT", raising=False)
    assert clone.repro() == ["package", "verify", "publish"]
    last = clone.client().search_runs(["1"], order_by=["attributes.start_time DESC"])[0]
    assert last.data.tags["dotnet.verified"] == "false"
    assert "no .NET SDK" in last.data.tags["mlflow.note.content"].partition("\n")[0]
    # Without an SDK the client is packed as source: another content.
    assert sorted(clone.versions("digits")) == ["1", "2"]


def test_registered_model_answers_like_pytorch(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clone.folder)
    store = f"sqlite:///{clone.folder}/mlflow.db"
    mlflow.set_tracking_uri(store)
    mlflow.set_registry_uri(store)
    session = open_session(mlflow.onnx.load_model("models:/digits@candidate").SerializeToString())
    inputs, expected = golden_inputs(), golden_outputs()
    got = answer(session, inputs["rows-7"])
    assert (got["label"] == expected["rows-7"]["label"]).all()
    assert abs(got["probabilities"] - expected["rows-7"]["probabilities"]).max() < 1e-5


def test_nothing_runs_twice(clone: Clone) -> None:
    assert clone.repro() == []


def test_a_tolerance_reruns_only_what_follows_it(clone: Clone) -> None:
    before = clone.versions("digits")
    clone.params("parity.rtol=0.001")
    assert clone.repro() == ["validate", "package", "verify", "publish"]
    # The tolerance travels in the package: the consumer's self-test judges by it.
    assert len(clone.versions("digits")) == len(before) + 1
    last, *_, first = clone.client().search_runs(["1"], order_by=["attributes.start_time DESC"])
    assert last.data.tags["trained_in"] == first.info.run_id


def test_a_failed_gate_publishes_nothing_and_loses_nothing(clone: Clone) -> None:
    runs = len(clone.client().search_runs(["1"]))
    before, parity = clone.bytes(), (clone.folder / "reports" / "parity.json").read_bytes()
    clone.params("parity.rtol=0", "parity.atol=0")
    assert clone.repro(fails=True) == ["validate"]
    assert "the parity gate failed" in clone.done.stderr
    assert "Traceback" not in clone.done.stderr
    last, *others = clone.client().search_runs(["1"], order_by=["attributes.start_time DESC"])
    assert (len(others), last.info.status, last.data.tags["stage"]) == (runs, "FAILED", "validate")
    artifacts = clone.client().list_artifacts(last.info.run_id, "reports")
    assert {"reports/parity.json", "reports/parity.html"} <= {artifact.path for artifact in artifacts}
    assert clone.bytes() == before
    assert not clone.report("parity")["passed"]
    clone.call("dvc", "checkout", "--force")
    assert (clone.folder / "reports" / "parity.json").read_bytes() == parity


def test_going_back_trains_and_exports_nothing(clone: Clone) -> None:
    before = clone.bytes()
    clone.params("model=linear")
    clone.repro()
    clone.params()
    assert clone.repro() in ([], ["publish"])
    assert clone.bytes() == before
    clone.params("model=linear")
    assert clone.repro() in ([], ["publish"])
    assert clone.versions("linear") == ["1"]


def test_a_commit_checked_out_and_back_runs_nothing(clone: Clone) -> None:
    clone.params("model=linear")
    clone.repro()
    clone.commit("linear")
    clone.call("git", "checkout", "-q", "HEAD~1")
    clone.call("dvc", "checkout", "--force")
    assert clone.repro() in ([], ["publish"])
    clone.call("git", "checkout", "-q", "-")
    clone.call("dvc", "checkout", "--force")
    assert clone.repro() in ([], ["publish"])


def test_a_colleague_s_run_cache_serves_us(clone: Clone, tmp_path: Path) -> None:
    remote = tmp_path / "remote"
    clone.call("dvc", "remote", "add", "--default", "--force", "shared", str(remote))
    clone.call("dvc", "push", "--run-cache", "-q")
    ours = Clone(tmp_path / "ours")
    ours.call("dvc", "remote", "add", "--default", "shared", str(remote))
    ours.call("dvc", "pull", "--run-cache", "-q", "--allow-missing")
    assert ours.repro("--pull") == ["publish"]
    assert ours.bytes() == clone.bytes()


def test_what_dvc_tracks_is_pulled_and_trains_nothing(clone: Clone, tmp_path: Path) -> None:
    """Data of one's own, tracked by DVC itself: a fresh clone pulls data and outputs alike."""
    reviews, remote = clone.folder / "mine", tmp_path / "remote"
    reviews.mkdir()
    for label in ("negative", "positive"):
        (reviews / f"{label}.txt").write_text("".join(f"{label} words in line {n}\n" for n in range(60)))
    clone.call("dvc", "add", "-q", "mine")
    clone.params("model=sentiment", "data.path=mine", "train.epochs=1", "verify.mode=off")
    clone.call("dvc", "remote", "add", "--default", "--force", "shared", str(remote))
    clone.repro()
    clone.commit("sentiment")
    clone.call("dvc", "push", "-q")
    clone.call("git", "clone", "-q", str(clone.folder), str(tmp_path / "fresh"))
    fresh = Clone(tmp_path / "fresh", made=True)
    fresh.call("dvc", "pull", "-q", "--allow-missing")
    assert fresh.repro() in ([], ["publish"])  # the clone has publish.json by git
    shutil.rmtree(fresh.folder / "mine")
    assert "get it with `dvc pull` where DVC tracks it" in (fresh.repro(fails=True), fresh.done.stderr)[1]


def test_a_folder_that_somebody_edited_is_put_back(clone: Clone) -> None:
    before = clone.bytes()
    data = clone.folder / "build" / "data" / "train.npz"
    data.chmod(0o644)
    data.write_bytes(b"edited")
    assert (
        "build/data/train.npz is not what `prepare` wrote"
        in clone.call("python", "-m", "pipeline", "train", fails=True).stderr
    )
    assert clone.repro() == []
    assert clone.bytes() == before


def test_an_edit_retrains_only_what_stands_on_it(clone: Clone) -> None:
    def edit(name: str) -> None:
        path = clone.folder / name
        path.write_text(path.read_text() + "\n# edited\n")

    edit("models/detector.py")
    assert clone.repro() == []
    edit("pipeline/parity/gate.py")
    assert clone.repro()[:1] == ["validate"]
    edit("pipeline/registry/ui.py")
    assert clone.repro() == ["publish"]
    (clone.folder / "models" / "parts.py").write_text("SCALE = 16\n")
    digits = clone.folder / "models" / "digits.py"
    digits.write_text(
        digits.read_text().replace("import torch\n", "import torch\n\nfrom models.parts import SCALE\n", 1)
    )
    assert clone.repro()[:2] == ["train", "export"]
    edit("models/parts.py")
    assert clone.repro()[:2] == ["train", "export"]


def test_edited_conf_is_not_run_with_stale_values(clone: Clone) -> None:
    conf = clone.folder / "conf" / "train" / "default.yaml"
    conf.write_text(conf.read_text().replace("epochs: 40", "epochs: 39"))
    assert clone.repro(fails=True) == []
    assert "python -m pipeline params" in clone.done.stderr


def test_both_ways_of_overriding_give_the_same_bytes(clone: Clone) -> None:
    clone.call("dvc", "exp", "run", "-S", "train.epochs=5", "-S", "model=linear")
    by_dvc = ((clone.folder / "params.yaml").read_bytes(), clone.bytes())
    clone.call("git", "checkout", "-q", "--", ".")
    clone.params("train.epochs=5", "model=linear")
    # Forced: DVC's run cache would hand back the very bytes that the experiment made.
    ran = clone.repro("--force")
    assert ran[0] == "prepare"
    assert ((clone.folder / "params.yaml").read_bytes(), clone.bytes()) == by_dvc
    assert clone.versions("linear") == ["1"]


def test_queued_sweep_is_compared(clone: Clone) -> None:
    clone.call("dvc", "exp", "run", "--queue", "-S", "model=linear", "-S", "export.opset=18,20,22")
    clone.call("dvc", "exp", "run", "--run-all")
    rows = json.loads(clone.call("dvc", "exp", "show", "--json").stdout)
    experiments = [exp["revs"][0]["data"] for row in rows for exp in row["experiments"] or []]
    opsets = {exp["params"]["params.yaml"]["data"]["export"]["opset"]: exp["metrics"] for exp in experiments}
    assert {18, 20, 22} <= set(opsets)
    metrics = opsets[18]["reports/metrics.json"]["data"]
    assert {"parity_used", "nodes", "bytes"} <= set(metrics)
    # A run of a training that nobody published has the settings of the training alone.
    published = clone.client().search_runs(["1", "2"], "tags.gate = 'passed'")
    assert {"18", "20", "22"} <= {run.data.params["export.opset"] for run in published}
