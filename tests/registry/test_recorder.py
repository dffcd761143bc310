import io
import json
import os
import time
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from pipeline.core.paths import CHECKPOINT
from pipeline.core.run_record import read_run_record
from pipeline.registry import recorder
from pipeline.registry.run_lifecycle import resume_run
from pipeline.registry.tracking import connecting

WEIGHTS = "a" * 64
BEGAN = {"event": "Began", "stage": "train"}
WEIGHED = {"event": "Weighed", "weights_sha256": WEIGHTS}
WELL = {"event": "Ended", "ending": "", "sentence": "", "since_ns": 0}
GATE = "the parity gate failed: label departs"


def measured(step: int) -> dict:
    metrics = {"epoch": step, "lr": 0.1, "train_loss": 1 / step, "validation_loss": 2 / step}
    return {"event": "Measured", "step": step, "metrics": metrics, "time_ms": step}


def ended(ending: str, sentence: str = GATE, since_ns: int = 0) -> dict:
    return {"event": "Ended", "ending": ending, "sentence": sentence, "since_ns": since_ns}


@pytest.fixture
def client(empty, new_store):
    with connecting(new_store()) as client:
        yield client


@pytest.fixture
def record(client, params):
    """Record a stage that says this, and nothing more; the run, or None."""

    def play(*messages: dict, stage: str = "train", overrides: tuple[str, ...] = ()):
        lines = io.StringIO("".join(json.dumps(message) + "\n" for message in messages))
        run_id = recorder.record(client, params(*overrides), stage, recorder.follow(lines))
        return client.get_run(run_id) if run_id else None

    return play


@pytest.fixture
def checkpoint():
    """A checkpoint whose weights a run is of."""
    CHECKPOINT.parent.mkdir(parents=True)
    CHECKPOINT.write_bytes(b"")
    (CHECKPOINT.parent / "SHA256SUMS").write_text(f"{WEIGHTS}  {CHECKPOINT.name}\n")


def write_report(text: str = "{}") -> int:
    """Write the gate's report; the time of it."""
    path = Path("reports/parity.json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path.stat().st_mtime_ns


def artifacts(client, run) -> list[str]:
    def walk(path: str) -> list[str]:
        found = client.list_artifacts(run.info.run_id, path)
        return [name for entry in found for name in (walk(entry.path) if entry.is_dir else [entry.path])]

    return walk("")


def test_mlflow_lists_the_validation_split_first(record):
    run = record(BEGAN, measured(1), WEIGHED, WELL)
    listed = [key for key in run.data.metrics if key.startswith("train.")]
    assert listed == ["train.validation_loss", "train.train_loss", "train.lr"]


def test_a_training_that_ended_well_stays_open_with_its_numbers(client, record):
    run = record(BEGAN, measured(1), measured(2), WEIGHED, WELL)
    assert run.info.status == "RUNNING"
    history = client.get_metric_history(run.info.run_id, "train.train_loss")
    assert [(point.step, point.value, point.timestamp) for point in history] == [(1, 1.0, 1), (2, 0.5, 2)]
    assert run.data.metrics["train.lr"] == 0.1
    assert "train.epoch" not in run.data.metrics


def test_the_weights_can_be_searched_for_and_stand_in_the_record(record):
    run = record(BEGAN, WEIGHED, WELL)
    assert run.data.params["weights_sha256"] == WEIGHTS
    assert (read_run_record().run_id, read_run_record().weights_sha256, read_run_record().ended) == (
        run.info.run_id,
        WEIGHTS,
        "",
    )


def test_a_run_has_from_the_start_what_can_no_longer_change(record):
    logged = record(BEGAN, WEIGHED, WELL).data.params
    assert {"seed", "train.epochs", "data._target_", "model.net._target_", "model.weights"} <= set(logged)
    assert not [
        key for key in logged if key.startswith(("parity", "package", "publish", "export", "model.description"))
    ]


def test_the_machine_is_watched(client, params, monkeypatch):
    def lines():
        yield json.dumps(BEGAN)
        time.sleep(1.5)
        yield json.dumps(WELL)

    monkeypatch.setattr(recorder, "SHORTEST_INTERVAL", 0.1)
    run_id = recorder.record(client, params(), "train", recorder.follow(lines()))
    assert client.get_run(run_id).data.metrics["system/cpu_utilization_percentage"] >= 0


def test_a_stage_that_was_killed_ends_its_run(record):
    run = record(BEGAN, measured(1))
    assert (run.info.status, run.data.tags["stage"], run.data.tags["gate"]) == (
        "KILLED",
        "train",
        "the stage was killed",
    )
    assert read_run_record().ended == "KILLED"


def test_a_training_that_fails_ends_its_run_with_the_sentence(record):
    run = record(BEGAN, measured(1), ended("FAILED", "training diverged in epoch 2"))
    assert (run.info.status, run.data.tags["gate"]) == ("FAILED", "training diverged in epoch 2")
    assert "**FAILED in `train`**" in run.data.tags["mlflow.note.content"]
    assert run.data.params["parity.atol"] == "4e-06"


def test_a_stage_that_fails_without_a_run_makes_one(record):
    run = record(ended("FAILED"), stage="validate")
    assert (run.info.status, run.data.tags["stage"], run.data.tags["gate"]) == ("FAILED", "validate", GATE)
    assert run.data.params["seed"] == "0"


def test_a_stage_that_fails_ends_the_run_of_its_weights(record, checkpoint):
    trained = record(BEGAN, WEIGHED, WELL)
    run = record(ended("FAILED"), stage="validate")
    assert (run.info.run_id, run.info.status) == (trained.info.run_id, "FAILED")


def test_a_stage_before_training_leaves_the_run_of_earlier_weights(client, record, checkpoint):
    trained = record(BEGAN, WEIGHED, WELL)
    run = record(ended("FAILED", "there is no such file"), stage="prepare")
    assert (run.info.run_id != trained.info.run_id, run.info.status) == (True, "FAILED")
    assert client.get_run(trained.info.run_id).info.status == "RUNNING"
    assert (read_run_record().run_id, read_run_record().ended) == (trained.info.run_id, "")


def test_a_gate_that_fails_later_names_the_run_that_trained(client, record, checkpoint):
    trained = record(BEGAN, WEIGHED, WELL)
    record(ended("FAILED"), stage="validate")
    assert record(ended("FAILED"), stage="validate").data.tags["trained_in"] == trained.info.run_id


def test_other_weights_are_no_affair_of_the_run_that_waits(record):
    trained = record(BEGAN, WEIGHED, WELL)  # and the run cache has brought no checkpoint
    run = record(ended("FAILED"), stage="validate")
    assert run.info.run_id != trained.info.run_id


def test_an_interruption_ends_the_run_that_waits(record, checkpoint):
    trained = record(BEGAN, WEIGHED, WELL)
    run = record(ended("KILLED", "interrupted"), stage="export")
    assert (run.info.run_id, run.info.status) == (trained.info.run_id, "KILLED")


def test_an_interruption_makes_no_run(client, record):
    assert record(ended("KILLED", "interrupted"), stage="prepare") is None
    assert client.get_experiment_by_name("digits") is None


def test_settings_that_changed_since_are_no_obstacle(record, checkpoint):
    record(BEGAN, WEIGHED, WELL)
    run = record(ended("FAILED"), stage="validate", overrides=("seed=1", "parity.rtol=0"))
    assert (run.info.status, run.data.params["seed"], run.data.params["parity.rtol"]) == ("FAILED", "0", "0.0")


def test_the_report_and_the_departure_are_artifacts(client, record):
    since = write_report()
    script = Path("reports/departure/python/run.py")
    script.parent.mkdir(parents=True)
    script.write_text("print()")
    run = record(ended("FAILED", since_ns=since), stage="validate")
    assert artifacts(client, run) == ["reports/departure/python/run.py", "reports/parity.json"]
    assert "- `reports/departure/python/run.py`" in run.data.tags["mlflow.note.content"]


def test_a_report_of_an_earlier_run_is_no_artifact(client, record):
    since = write_report() + 1
    run = record(ended("FAILED", since_ns=since), stage="export")
    assert artifacts(client, run) == []
    assert "Artifacts" not in run.data.tags["mlflow.note.content"]


def test_what_the_store_does_not_take_now_it_is_offered_again(client, record, monkeypatch):
    log_batch, refusals = client.log_batch, []

    def fail_once(run_id, **numbers):
        if numbers.get("metrics") and not refusals:
            refusals.append(1)
            raise MlflowException("busy")
        log_batch(run_id, **numbers)

    monkeypatch.setattr(client, "log_batch", fail_once)
    run = record(BEGAN, measured(1), measured(2), WEIGHED, WELL)
    assert refusals == [1]
    assert [point.step for point in client.get_metric_history(run.info.run_id, "train.lr")] == [1, 2]


def test_a_run_that_publish_takes_up_has_no_epoch_twice(client, record, params):
    from pipeline.registry.run_content import describe_settings, read_logged_epochs

    run = record(BEGAN, measured(1), measured(2), WEIGHED, WELL)
    with resume_run(client, "1", "digits", WEIGHTS, describe_settings(params())) as run_id:
        assert run_id == run.info.run_id
        assert read_logged_epochs(client, run_id) == {1, 2}


def test_messages_that_have_piled_up_come_together():
    messages = recorder.follow(io.StringIO("".join(json.dumps(measured(step)) + "\n" for step in (1, 2, 3))))
    while messages.qsize() < 4:
        time.sleep(0.01)
    ((*steps, last),) = recorder.group(messages)
    assert ([message["step"] for message in steps], last["ending"]) == ([1, 2, 3], "KILLED")


@pytest.fixture
def problem(empty, monkeypatch, capsys):
    """Start the recorder as a stage does that says nothing; its problem."""

    def start(path: Path) -> str:
        monkeypatch.setattr("sys.stdin", io.StringIO(""))
        monkeypatch.setattr(recorder.signal, "signal", lambda *_: None)
        monkeypatch.setattr(os, "nice", lambda _: 0)
        recorder.main("train", path)
        return json.loads(capsys.readouterr().out)["problem"]

    return start


@pytest.mark.parametrize(("uri", "says"), [("http://127.0.0.1:1", "cannot be reached"), ("nonsense://x", "refused")])
def test_a_store_that_is_not_there_is_a_problem_and_no_traceback(uri, says, params, problem):
    assert says in problem(params(f"publish.tracking_uri={uri}")._path)


def test_settings_that_cannot_be_read_are_a_problem(problem):
    assert "params.yaml is missing" in problem(Path("params.yaml"))
