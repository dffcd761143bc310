"""The main job as a user runs it: real `dvc`, in a clone of the project as it stands."""

import json
import os
import shutil
import subprocess
import sys
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

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        listed = self.call(
            "git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=PROJECT
        ).stdout.splitlines()
        for name in listed:
            if (PROJECT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(PROJECT / name, folder / name)
        # What one has run before must not stand in for what this run does.
        for made in ("dvc.lock", "reports"):
            path = folder / made
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
        return [stage for stage in ran if stage != "sdk"]  # it always runs

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
            if p.is_file()
        }


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    made = Clone(tmp_path_factory.mktemp("clone"))
    made.first = made.repro()
    made.commit("the first run")
    return made


@pytest.fixture(autouse=True)
def _as_after_the_first_run(clone: Clone):
    yield
    clone.call("git", "checkout", "-q", "--", ".")
    clone.call("git", "clean", "-fdq")
    clone.call("dvc", "checkout", "-q", "--force")


def test_main_job(clone: Clone) -> None:
    assert clone.first == [
        "config",
        "prepare",
        "train",
        "export",
        "simplify",
        "validate",
        "package",
        "verify",
        "publish",
    ]
    parity = clone.report("parity")
    assert parity["passed"]
    assert parity["task"]["simplify"] >= 0.96
    assert {entry["batch"] for entry in parity["comparisons"]} >= {1, 2, 3, 7}
    assert clone.versions("digits") == ["1"]
    (run,) = clone.client().search_runs(["1"])
    assert run.data.tags["dotnet.verified"] == str(clone.report("dotnet")["verified"]).lower()


@pytest.mark.skipif(sdk.version(sdk.find()) is None, reason="no .NET SDK on PATH, in DOTNET_ROOT or in ~/.dotnet")
def test_verified_in_real_dotnet(clone: Clone) -> None:
    (run,) = clone.client().search_runs(["1"])
    assert run.data.tags["dotnet.verified"] == "true"
    assert run.data.tags["dotnet.onnxruntime"] == run.data.tags["version.onnxruntime"]
    assert run.data.tags["dotnet.sdk"] == sdk.version(sdk.find())


@pytest.mark.skipif(sdk.version(sdk.find()) is None, reason="no .NET SDK on PATH, in DOTNET_ROOT or in ~/.dotnet")
def test_an_sdk_that_goes_makes_verify_stale(clone: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here = [folder for folder in os.environ["PATH"].split(os.pathsep) if not (Path(folder) / "dotnet").exists()]
    monkeypatch.setenv("PATH", os.pathsep.join(here))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DOTNET_ROOT", raising=False)
    assert clone.repro() == ["package", "verify", "publish"]
    last = clone.client().search_runs(["1"], order_by=["attributes.start_time DESC"])[0]
    assert last.data.tags["dotnet.verified"] == "false"
    assert "no .NET SDK" in last.data.tags["dotnet.reason"]
    assert clone.versions("digits") == ["1"]


def test_the_folders_for_weights_are_outputs_that_come_back(clone: Clone) -> None:
    folders = [clone.folder / "build" / name for name in ("exported.data", "simplified.data")]
    for folder in folders:
        folder.rmdir()  # empty: a small model is one file
    clone.call("dvc", "checkout")
    assert [folder.is_dir() for folder in folders] == [True, True]
    assert clone.repro() == []


def test_registered_model_answers_like_pytorch(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clone.folder)
    store = f"sqlite:///{clone.folder}/mlflow.db"
    mlflow.set_tracking_uri(store)
    mlflow.set_registry_uri(store)
    session = open_session(mlflow.onnx.load_model("models:/digits@candidate").SerializeToString())
    questions = golden_inputs()
    expected = golden_outputs()
    got = answer(session, questions["rows-7"])
    assert (got["label"] == expected["rows-7"]["label"]).all()
    assert abs(got["probabilities"] - expected["rows-7"]["probabilities"]).max() < 1e-5


def test_nothing_runs_twice(clone: Clone) -> None:
    assert clone.repro() == []


def test_a_tolerance_reruns_only_what_follows_it(clone: Clone) -> None:
    clone.params("parity.rtol=0.001")
    assert clone.repro() == ["validate", "package", "verify", "publish"]
    assert clone.versions("digits") == ["1"]


def test_failed_gate_publishes_nothing(clone: Clone) -> None:
    runs = len(clone.client().search_runs(["1"]))
    before = clone.bytes()
    clone.params("parity.rtol=0", "parity.atol=0")
    assert clone.repro(fails=True) == ["validate"]
    assert "the parity gate failed" in clone.done.stderr
    assert "Traceback" not in clone.done.stderr
    assert len(clone.client().search_runs(["1"])) == runs
    assert clone.bytes() == before


def test_edited_conf_is_not_run_with_stale_values(clone: Clone) -> None:
    conf = clone.folder / "conf" / "train" / "default.yaml"
    conf.write_text(conf.read_text().replace("epochs: 40", "epochs: 39"))
    assert clone.repro(fails=True) == ["config"]
    assert "python -m pipeline params" in clone.done.stderr


def test_both_ways_of_overriding_give_the_same_bytes(clone: Clone) -> None:
    clone.call("dvc", "exp", "run", "-S", "train.epochs=5", "-S", "model=linear")
    by_dvc = ((clone.folder / "params.yaml").read_bytes(), clone.bytes())
    clone.call("git", "checkout", "-q", "--", ".")
    clone.params("train.epochs=5", "model=linear")
    # Forced: DVC's run cache would hand back the very bytes that the experiment made.
    ran = clone.repro("--force")
    assert ran[0] == "config"
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
    assert {"parity_max_abs", "nodes", "bytes"} <= set(metrics)
    opset_params = {run.data.params["export.opset"] for run in clone.client().search_runs(["1", "2"])}
    assert {"18", "20", "22"} <= opset_params
