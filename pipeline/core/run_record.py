"""build/run.json: the MLflow run that this workspace's long stage opened; an output of no stage."""

from typing import Literal

from pydantic import TypeAdapter

from pipeline.core.errors import PipelineError
from pipeline.core.paths import RUN_RECORD
from pipeline.core.records import Record, read_record, write_record


class RunRecord(Record):
    """The run, the store that it is in, and the weights that it trained or took (None until there are some).

    `stage` is the one that logs into it, or did last, `process` the process that does so for it; `ended` is empty while the run is
    open, to be resumed by `publish`.
    """

    tracking_uri: str
    experiment_id: str
    run_id: str
    stage: str
    process: int
    weights_sha256: str | None = None
    ended: Literal["", "FINISHED", "FAILED", "KILLED"] = ""


_FORM = TypeAdapter(RunRecord)


def write_run_record(record: RunRecord) -> None:
    write_record(RUN_RECORD, _FORM, record)


def update_run_record(record: RunRecord) -> None:
    """Note what became of a run, unless another is noted by now."""
    noted = read_run_record()
    if noted and noted.run_id == record.run_id:
        write_run_record(record)


def read_run_record() -> RunRecord | None:
    """The run that was opened last; None where there is none, or where somebody broke the file: nothing but a run's end is lost."""
    try:
        return read_record(RUN_RECORD, _FORM, made_by="train") if RUN_RECORD.exists() else None
    except PipelineError:
        return None
