"""One run from start to end, by real stages and the process that records them."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.__main__ import main
from pipeline.core.run_record import read_run_record
from pipeline_runs import PROJECT, SMALL

# A training that goes on until somebody ends it.
ENDLESS = ("train.epochs=100000", "train.patience=100000", "model.net.kwargs.width=4", "verify.mode=off")


def look():
    """The only run of the store here; None while there is none."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{Path('mlflow.db').resolve()}")
    experiments = [each.experiment_id for each in client.search_experiments()]
    return next(iter(client.search_runs(experiments)), None)


def wait_for(condition, what: str):
    """What `condition` is once it is true."""
    end = time.monotonic() + 90
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError(what)


@pytest.fixture
def digits_here(digits, new_store) -> Path:
    new_store()
    return digits


@pytest.fixture
def training(digits_here, passes):
    """`python -m pipeline train` at work, once its run is seen with numbers in it: the process and the run."""
    passes("params", *ENDLESS)
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "train"],
        env={**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # Where the tests themselves run in the background, a shell has told them to ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 (nothing else runs here that could hold a lock)
    )
    run = wait_for(lambda: (run := look()) and "train.validation_loss" in run.data.metrics and run, "no live run")
    yield process, run
    process.kill()
    process.wait()
    process.stderr.close()


@pytest.mark.slow
def test_a_training_is_watched_live_and_killed_with_its_stage(training):
    process, run = training
    assert (run.info.status, process.poll()) == ("RUNNING", None)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: look().info.status == "KILLED", "the run of a stage that was killed stays open")
    wait_for(lambda: read_run_record().ended == "KILLED", "the record says nothing of it")


@pytest.mark.slow
def test_control_c_ends_the_run_and_gives_the_prompt_back(training):
    process, _ = training
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    assert process.wait(30) == 1
    assert time.monotonic() - began < 5
    assert "error: train: interrupted; what was made before is whole" in process.stderr.read()
    run = wait_for(lambda: (run := look()).info.status == "KILLED" and run, "the interrupted run stays open")
    assert run.data.tags["gate"] == "interrupted"


def test_one_run_from_training_to_publish(digits_here, recording, passes):
    passes("params", *SMALL, "verify.mode=off")
    passes("train")
    trained = look()
    assert (trained.info.status, sorted(trained.data.params)[:1]) == ("RUNNING", ["data._target_"])
    for stage in ("export", "simplify", "validate", "package", "verify", "publish"):
        passes(stage)
    run = look()
    assert (run.info.run_id, run.info.status, run.data.tags["gate"]) == (trained.info.run_id, "FINISHED", "passed")


def test_a_gate_that_fails_ends_the_run_with_its_report(digits_here, recording, capsys):
    assert main(["params", *SMALL, "parity.rtol=0", "parity.atol=0"]) == 0
    capsys.readouterr()
    assert main(["validate"]) == 1
    error, line = capsys.readouterr().err.strip().splitlines()[-2:]
    assert error.startswith("error: validate: the parity gate failed")
    run = look()
    assert line == f"validate: on record in MLflow: run {run.info.run_id} FAILED (look with `make ui`)"
    assert (run.info.status, run.data.tags["stage"]) == ("FAILED", "validate")
    assert error.endswith(run.data.tags["gate"][:5000])
    link = f"(#/experiments/1/runs/{run.info.run_id}/artifacts/reports/parity.html?workflowType=machine_learning)"
    assert f"- [reports/parity.html]{link}" in run.data.tags["mlflow.note.content"]


def test_an_export_opens_the_run_where_nothing_trains(linear, new_store, recording, passes):
    new_store()
    passes("export")
    run = look()
    assert (run.info.status, run.data.tags["mlflow.source.name"]) == ("RUNNING", "python -m pipeline export")
    assert read_run_record().weights_sha256 == run.data.params["weights_sha256"]


def test_without_a_server_the_work_goes_on_and_publish_logs_it_later(digits_here, recording, capsys):
    with socket.create_server(("127.0.0.1", 0)) as server:
        uri = f"http://127.0.0.1:{server.getsockname()[1]}"
    assert main(["params", *SMALL, "verify.mode=off", f"publish.tracking_uri={uri}"]) == 0
    capsys.readouterr()
    assert main(["train"]) == 0
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "logged" in line]
    assert line.startswith(f"train: not logged live (the MLflow server at {uri} cannot be reached (")
    assert line.endswith("; `publish` logs it later")
    assert not Path("build/run.json").exists()
    assert main(["params", *SMALL, "verify.mode=off"]) == 0
    for stage in ("export", "simplify", "validate", "package", "verify", "publish"):
        assert main([stage]) == 0
    assert look().data.metrics["train.validation_loss"] > 0
