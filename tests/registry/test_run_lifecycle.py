import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from pipeline.core.errors import PipelineError
from pipeline.core.paths import RUN_RECORD
from pipeline.core.run_record import read_run_record, write_run_record
from pipeline.registry import run_lifecycle
from pipeline.registry.run_lifecycle import find_open_run, leave_open_run, open_run, resume_run
from pipeline.registry.tracking import connecting

SETTINGS = {"seed": "0", "train.enabled": "True", "train.epochs": "5"}
WEIGHTS = "a" * 64


@pytest.fixture
def client(empty, new_store):
    with connecting(new_store()) as client:
        client.create_experiment("digits", artifact_location=(empty / "mlartifacts").as_uri())
        yield client


@pytest.fixture
def trained(client):
    """The record of a run whose training ended well."""
    record = open_run(client, "1", "digits", "train", SETTINGS).model_copy(update={"weights_sha256": WEIGHTS})
    client.log_param(record.run_id, "weights_sha256", WEIGHTS)
    write_run_record(record)
    return record


def publish(client, weights: str = WEIGHTS, settings: dict[str, str] | None = None):
    """What publish does to a run; the run."""
    with resume_run(client, "1", "digits, wide", weights, settings or {**SETTINGS, "parity.atol": "1"}) as run_id:
        pass
    return client.get_run(run_id)


def status(client, record) -> str:
    return client.get_run(record.run_id).info.status


def test_a_new_run_is_open_and_says_which_command_it_is_of(client):
    record = open_run(client, "1", "digits", "train", SETTINGS)
    run = client.get_run(record.run_id)
    assert (run.info.status, run.info.run_name, run.data.params) == ("RUNNING", "digits", SETTINGS)
    assert run.data.tags["mlflow.source.name"] == "python -m pipeline train"
    assert read_run_record() == record


def test_publish_resumes_the_run_that_trained_and_ends_it(client, trained):
    run = publish(client)
    assert (run.info.run_id, run.info.status, run.info.run_name) == (trained.run_id, "FINISHED", "digits, wide")
    assert read_run_record().ended == "FINISHED"


def test_a_run_that_has_ended_is_not_opened_again_and_the_next_names_it(client, trained):
    publish(client)
    run = publish(client)
    assert (run.info.run_id != trained.run_id, run.data.tags["trained_in"]) == (True, trained.run_id)
    assert run.data.params["weights_sha256"] == WEIGHTS


def test_the_third_names_the_one_that_trained_and_not_the_second(client, trained):
    publish(client)
    publish(client)
    assert publish(client).data.tags["trained_in"] == trained.run_id


def test_weights_that_no_run_trained_have_no_origin(client, trained):
    run = publish(client, "b" * 64)
    assert run.info.run_id != trained.run_id
    assert "trained_in" not in run.data.tags


def test_weights_that_nobody_trained_have_no_origin(client):
    taken = {**SETTINGS, "train.enabled": "False"}
    publish(client, settings=taken)
    assert "trained_in" not in publish(client, settings=taken).data.tags


def test_other_weights_end_the_run_that_waited(client, trained):
    publish(client, "b" * 64)
    run = client.get_run(trained.run_id)
    assert (run.info.status, run.data.tags["gate"]) == ("FINISHED", "not judged: publish took other weights")


def test_weights_of_the_run_cache_are_linked_where_the_store_knows_them(client, trained):
    publish(client, "b" * 64)
    assert publish(client).data.tags["trained_in"] == trained.run_id


def test_a_run_with_other_settings_is_not_resumed(client, trained):
    """Weights may come out the same of other settings (data that moved), and MLflow lets no param change."""
    run = publish(client, settings={**SETTINGS, "seed": "1"})
    assert run.data.tags["trained_in"] == trained.run_id
    assert status(client, trained) == "FINISHED"


def test_a_run_of_another_experiment_is_not_resumed(client, trained):
    other = client.create_experiment("other")
    with resume_run(client, other, "digits", WEIGHTS, SETTINGS) as run_id:
        pass
    assert client.get_run(run_id).data.tags["trained_in"] == trained.run_id


def test_a_run_of_another_store_is_left_alone(client, trained):
    write_run_record(trained.model_copy(update={"tracking_uri": "http://elsewhere", "run_id": "0" * 32}))
    assert publish(client).info.run_id not in (trained.run_id, "0" * 32)
    assert status(client, trained) == "RUNNING"


def test_a_lost_record_costs_the_run_and_not_the_link(client, trained):
    RUN_RECORD.unlink()
    assert publish(client).data.tags["trained_in"] == trained.run_id


def test_a_run_that_somebody_deleted_is_not_resumed(client, trained):
    client.delete_run(trained.run_id)
    assert publish(client).info.run_id != trained.run_id


def test_a_run_that_somebody_ended_is_not_resumed(client, trained):
    client.set_terminated(trained.run_id, "FAILED")
    assert publish(client).info.run_id != trained.run_id
    assert status(client, trained) == "FAILED"


def test_a_run_that_the_store_has_not_is_not_resumed(client, trained):
    write_run_record(trained.model_copy(update={"run_id": "0" * 32}))
    assert publish(client).info.run_id != trained.run_id


def test_a_training_that_was_killed_is_found_and_closed(client):
    record = open_run(client, "1", "digits", "train", SETTINGS)
    assert find_open_run(client) is None
    run = client.get_run(record.run_id)
    assert (run.info.status, run.data.tags["stage"], run.data.tags["gate"]) == ("KILLED", "train", "train was killed")
    assert read_run_record().ended == "KILLED"


def test_a_publish_that_was_killed_is_found_and_not_resumed(client, trained):
    write_run_record(trained.model_copy(update={"stage": "publish"}))
    assert publish(client).data.tags["trained_in"] == trained.run_id
    assert status(client, trained) == "KILLED"


def test_a_run_whose_process_works_is_left_alone(client, trained):
    process = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    write_run_record(trained.model_copy(update={"process": process.pid}))
    assert find_open_run(client) is None
    process.communicate(b"\n")
    assert status(client, trained) == "RUNNING"


def test_publish_waits_for_the_process_that_still_logs(client, trained):
    process = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    write_run_record(trained.model_copy(update={"process": process.pid}))

    def end() -> None:
        time.sleep(0.5)
        process.communicate(b"\n")

    thread = threading.Thread(target=end)
    thread.start()
    assert publish(client).info.run_id == trained.run_id
    thread.join()


def test_publish_waits_no_longer_than_its_patience(client, trained, monkeypatch):
    monkeypatch.setattr(run_lifecycle, "PATIENCE", 0.1)
    process = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    write_run_record(trained.model_copy(update={"process": process.pid}))
    assert publish(client).data.tags["trained_in"] == trained.run_id
    process.communicate(b"\n")


def test_another_training_takes_the_place_of_one_that_waits(client, trained):
    open_run(client, "1", "digits", "train", SETTINGS)
    run = client.get_run(trained.run_id)
    assert (run.info.status, run.data.tags["gate"]) == ("FINISHED", "not judged: another `train` has taken its place")


def test_what_was_published_before_ends_the_run_that_waits(client, trained):
    leave_open_run(client, "the same as run x")
    assert client.get_run(trained.run_id).data.tags["gate"] == "not judged: the same as run x"
    assert read_run_record().ended == "FINISHED"


@pytest.mark.parametrize(
    ("error", "ending", "sentence"),
    [
        (PipelineError("expected this"), "FAILED", "expected this"),
        (ZeroDivisionError("odd"), "FAILED", "ZeroDivisionError: odd"),
        (KeyboardInterrupt(), "KILLED", "interrupted"),
    ],
)
def test_a_publish_that_fails_ends_its_run(error, ending, sentence, client, trained):
    with pytest.raises(type(error)), resume_run(client, "1", "digits", WEIGHTS, SETTINGS):
        raise error
    run = client.get_run(trained.run_id)
    assert (run.info.status, run.data.tags["stage"], run.data.tags["gate"]) == (ending, "publish", sentence)
    assert read_run_record().ended == ending


def test_a_long_sentence_is_cut_to_what_mlflow_keeps(client, trained):
    with pytest.raises(PipelineError), resume_run(client, "1", "digits", WEIGHTS, SETTINGS):
        raise PipelineError("x" * 9000)
    assert client.get_run(trained.run_id).data.tags["gate"] == "x" * 5000


def test_a_store_that_goes_while_publish_works_hides_no_error(client, trained, monkeypatch):
    def refuse(*_, **__):
        raise MlflowException("gone")

    def lose_the_store():
        with resume_run(client, "1", "digits", WEIGHTS, SETTINGS):
            monkeypatch.setattr(client, "set_tag", refuse)
            raise PipelineError("expected this")

    with pytest.raises(PipelineError, match="expected this"):
        lose_the_store()


def test_the_record_is_in_build(client, trained):
    assert Path("build/run.json").is_file()
