"""The process that logs a stage into MLflow while the stage works: `python -m pipeline.registry.recorder <stage> <params.yaml>`.

`recorder_process` starts it and feeds it lines of JSON. The stage waits for nothing: MLflow is imported here, and a store that is
slow or gone keeps only this process waiting. When the lines end without a last word, the stage was killed, and so is its run.
"""

import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from pipeline.core.errors import PipelineError
from pipeline.core.run_record import RunRecord, update_run_record
from pipeline.registry.failed_run import Failure, record_failure
from pipeline.registry.model_registry import find_experiment
from pipeline.registry.run_content import describe_settings
from pipeline.registry.run_lifecycle import WEIGHTS_PARAM, open_run
from pipeline.registry.run_note import name_run
from pipeline.registry.tracking import choose_tracking_uri, connecting
from pipeline.settings.params import Params, load

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

Message = dict[str, Any]
# Settings whose change trains again: a run can have them from the start, since MLflow lets none change.
EARLY = ("seed", "data.", "train.", "model.name", "model.net.", "model.weights", "model.strict", "model.dynamic_axes")
# Of the processor's time, this process takes what the stage leaves.
NICENESS = 10
# Seconds between two looks at the machine: first often, for a training of seconds; about 200 in one of hours.
SHORTEST_INTERVAL, LONGEST_INTERVAL, LOOKS = 1.0, 60.0, 200


def follow(lines: TextIO) -> "queue.Queue[Message]":
    """Read messages as they come, so that the stage never waits for a pipe to be emptied; the last one is always an ending."""
    messages: queue.Queue[Message] = queue.Queue()
    began = time.time_ns()

    def read() -> None:
        for line in lines:
            messages.put(json.loads(line))
        messages.put({"event": "Ended", "ending": "KILLED", "sentence": "the stage was killed", "since_ns": began})

    threading.Thread(target=read, daemon=True).start()
    return messages


class LiveRun:
    """A run that is being logged into: numbers that the store does not take now are offered again with the next."""

    def __init__(self, client: "MlflowClient", params: Params, stage: str) -> None:
        from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

        experiment = find_experiment(client, params.publish.experiment, client.tracking_uri)
        early = {key: value for key, value in describe_settings(params).items() if key.startswith(EARLY)}
        self.record: RunRecord = open_run(client, experiment, name_run(params, None), stage, early)
        self._client, self._params = client, params
        self._waiting: list[Metric] = []
        self._began = time.monotonic()
        self._machine = SystemMetricsMonitor(self.record.run_id, sampling_interval=SHORTEST_INTERVAL)  # type: ignore[no-untyped-call]
        self._machine.start()  # type: ignore[no-untyped-call]

    def measure(self, message: Message) -> None:
        from mlflow.entities import Metric

        self._waiting += [
            Metric(f"train.{name}", value, message["time_ms"], message["step"])
            # MLflow draws the first of a run that is compared: the task's on the validation split, which is written last.
            for name, value in reversed(message["metrics"].items())
            if name != "epoch"
        ]
        elapsed = time.monotonic() - self._began
        self._machine.sampling_interval = min(max(elapsed / LOOKS, SHORTEST_INTERVAL), LONGEST_INTERVAL)

    def log(self) -> None:
        """Log what waits; a store that fails now is asked again later."""
        from mlflow.exceptions import MlflowException

        try:
            while self._waiting:
                self._client.log_batch(self.record.run_id, metrics=self._waiting[:900])
                del self._waiting[:900]
        except MlflowException:
            return

    def weigh(self, weights_sha256: str) -> None:
        self.record = self.record.model_copy(update={"weights_sha256": weights_sha256})
        self._client.log_param(self.record.run_id, WEIGHTS_PARAM, weights_sha256)
        self._client.update_run(self.record.run_id, name=name_run(self._params, weights_sha256))

    def stop(self) -> None:
        """Log the rest."""
        self._machine.finish()  # type: ignore[no-untyped-call]
        self.log()


def group(messages: "queue.Queue[Message]") -> Iterator[list[Message]]:
    """Messages as they come, those that have piled up together; the ending is the last of its group."""
    while True:
        batch = [messages.get()]
        while batch[-1]["event"] != "Ended" and not messages.empty():
            batch.append(messages.get_nowait())
        yield batch
        if batch[-1]["event"] == "Ended":
            return


def record(client: "MlflowClient", params: Params, stage: str, messages: "queue.Queue[Message]") -> str | None:
    """Log what a stage says of itself until it ends; a run that ended well stays open, for publish.

    Returns:
        The run's id; None where there was nothing to record.
    """
    live: LiveRun | None = None
    for batch in group(messages):
        for message in batch:
            match message["event"]:
                case "Began":
                    live = live or LiveRun(client, params, stage)
                case "Measured" if live:
                    live.measure(message)
                case "Weighed" if live:
                    live.log()
                    live.weigh(message["weights_sha256"])
                case "Ended":
                    if live:
                        live.stop()
                    if message["ending"]:
                        failure = Failure(stage, message["ending"], message["sentence"], message["since_ns"])
                        return record_failure(client, params, live.record if live else None, failure)
        if live:
            live.log()
    if live is None:
        return None
    update_run_record(live.record)
    return live.record.run_id


def main(stage: str, path: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    messages = follow(sys.stdin)
    try:
        params = load(path)
        with connecting(choose_tracking_uri(params.publish)) as client:
            outcome = {"run_id": record(client, params, stage, messages)}
    except PipelineError as error:
        outcome = {"problem": str(error)}
    except (OSError, ModuleNotFoundError) as error:
        outcome = {"problem": f"{type(error).__name__}: {error}"}
    print(json.dumps(outcome), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
