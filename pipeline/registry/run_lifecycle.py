"""One MLflow run from the long stage to publish: opened live, resumed, closed; failed and killed runs are on record."""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal

from pipeline.core.errors import PipelineError
from pipeline.core.files import is_running
from pipeline.core.run_record import RunRecord, read_run_record, update_run_record, write_run_record

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

WEIGHTS_PARAM = "weights_sha256"
# The run that trained the weights, of one that did not train them itself.
ORIGIN_TAG = "trained_in"
STAGE_TAG, GATE_TAG = "stage", "gate"
# MLflow's own, in which it would have the path of a file of this machine.
SOURCE_TAG = "mlflow.source.name"
# What MLflow keeps of a tag (8000), with room for a server that is older.
LONGEST_TAG = 5000
# Seconds that publish gives a training's process to finish its logging.
PATIENCE = 30.0

Ending = Literal["FINISHED", "FAILED", "KILLED"]


def create_run(client: "MlflowClient", experiment_id: str, name: str, stage: str) -> RunRecord:
    """Create a run that says which command it is of."""
    from mlflow.tracking.context.registry import resolve_tags

    tags = {**resolve_tags(), SOURCE_TAG: f"python -m pipeline {stage}"}
    run = client.create_run(experiment_id, run_name=name, tags=tags)
    return RunRecord(
        tracking_uri=client.tracking_uri,
        experiment_id=experiment_id,
        run_id=run.info.run_id,
        stage=stage,
        process=os.getpid(),
    )


def open_run(
    client: "MlflowClient", experiment_id: str, name: str, stage: str, settings: Mapping[str, str]
) -> RunRecord:
    """Open a run for `stage`, with the settings that it can no longer change, and note it in build/run.json."""
    from mlflow.entities import Param

    leave_open_run(client, f"another `{stage}` has taken its place")
    record = create_run(client, experiment_id, name, stage)
    write_run_record(record)
    client.log_batch(record.run_id, params=[Param(key, value) for key, value in settings.items()])
    return record


@contextlib.contextmanager
def resume_run(
    client: "MlflowClient", experiment_id: str, name: str, weights_sha256: str, settings: Mapping[str, str]
) -> Iterator[str]:
    """The id of the run to log into: the one that trained these weights where it is open, else a new one that says which did.

    It ends with the block: FINISHED, or FAILED with the sentence, or KILLED.

    Args:
        client: Of the store that publishes.
        experiment_id: Where the run belongs.
        name: The run's name.
        weights_sha256: The checkpoint's.
        settings: As the run is to have them: one that was opened with others is not of this model.
    """
    import mlflow
    from mlflow.exceptions import MlflowException

    _wait_for_recorder()
    record = find_open_run(client)
    if (
        record is not None
        and record.weights_sha256 == weights_sha256
        and record.experiment_id == experiment_id
        and _agrees(client.get_run(record.run_id), settings)
    ):
        mlflow.start_run(run_id=record.run_id)
        client.update_run(record.run_id, name=name)
        record = record.model_copy(update={"stage": "publish", "process": os.getpid()})
    else:
        leave_open_run(client, "publish took other weights")
        origin = find_training(client, weights_sha256)
        tags = {SOURCE_TAG: "python -m pipeline publish", **({ORIGIN_TAG: origin} if origin else {})}
        run = mlflow.start_run(experiment_id=experiment_id, run_name=name, tags=tags)
        record = RunRecord(
            tracking_uri=client.tracking_uri,
            experiment_id=experiment_id,
            run_id=run.info.run_id,
            stage="publish",
            process=os.getpid(),
            weights_sha256=weights_sha256,
        )
    write_run_record(record)
    ending: Ending = "FINISHED"
    try:
        client.log_param(record.run_id, WEIGHTS_PARAM, weights_sha256)
        yield record.run_id
        end_run(client, record, ending)
    except BaseException as error:
        ending = "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
        # Where it is the store that fails, there is nobody to tell.
        with contextlib.suppress(MlflowException):
            end_run(client, record, ending, {STAGE_TAG: "publish", GATE_TAG: describe_error(error)})
        raise
    finally:
        # MLflow's own notion of a run at work.
        with contextlib.suppress(MlflowException):
            mlflow.end_run(ending)


def find_open_run(client: "MlflowClient") -> RunRecord | None:
    """The run of build/run.json that waits to be resumed: in this store, RUNNING, and left in order.

    One that its process left without a word (kill -9, a power cut) is ended as KILLED here; one that somebody deleted or ended in
    MLflow is none.
    """
    record = read_run_record()
    if record is None or record.ended or record.tracking_uri != client.tracking_uri or is_running(record.process):
        return None
    if not _is_open(client, record.run_id):
        return None
    if record.weights_sha256 is None or record.stage == "publish":
        end_run(client, record, "KILLED", {STAGE_TAG: record.stage, GATE_TAG: f"{record.stage} was killed"})
        return None
    return record


def leave_open_run(client: "MlflowClient", reason: str) -> None:
    """End the run that waits to be resumed, where there is one: it trained well, and nothing of it will be published."""
    if record := find_open_run(client):
        end_run(client, record, "FINISHED", {GATE_TAG: f"not judged: {reason}"})


def end_run(client: "MlflowClient", record: RunRecord, ending: Ending, tags: Mapping[str, str] | None = None) -> None:
    """End a run, tell it why, and note that in build/run.json where that is of this run."""
    for key, value in (tags or {}).items():
        client.set_tag(record.run_id, key, value[:LONGEST_TAG])
    client.set_terminated(record.run_id, ending)
    update_run_record(record.model_copy(update={"ended": ending}))


def find_training(client: "MlflowClient", weights_sha256: str) -> str | None:
    """The id of the run that trained these weights, in any experiment of the store; None where none did, or none is known."""
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    trained = f"params.{WEIGHTS_PARAM} = '{weights_sha256}' and params.`train.enabled` = 'True'"
    runs = client.search_runs(experiments, trained, order_by=["attributes.start_time ASC"])
    return next((str(run.info.run_id) for run in runs if ORIGIN_TAG not in run.data.tags), None)


def describe_error(error: BaseException) -> str:
    """The sentence of an error for people, else the type and the text."""
    if isinstance(error, PipelineError):
        return str(error)
    return "interrupted" if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"


def _agrees(run: "Run", settings: Mapping[str, str]) -> bool:
    """Whether the run has no setting that these contradict: MLflow would refuse to change it."""
    return all(run.data.params[key] == settings[key] for key in run.data.params.keys() & settings.keys())


def _is_open(client: "MlflowClient", run_id: str) -> bool:
    from mlflow.exceptions import MlflowException

    try:
        info = client.get_run(run_id).info
    except MlflowException:
        return False
    return bool(info.status == "RUNNING" and info.lifecycle_stage == "active")


def _wait_for_recorder() -> None:
    """Let the process that logs a training finish, should it still be at it."""
    end = time.monotonic() + PATIENCE
    while (record := read_run_record()) and not record.ended and is_running(record.process) and time.monotonic() < end:
        time.sleep(0.1)
