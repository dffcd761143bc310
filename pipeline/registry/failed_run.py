"""A stage that failed or was interrupted, in MLflow: the run ends with the sentence, the stage, and the files that show it."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.core.errors import PipelineError
from pipeline.core.files import recorded_sha256
from pipeline.core.paths import (
    CHECKPOINT,
    DEPARTURE,
    DOTNET_REPORT,
    METRICS_REPORT,
    PARITY_PAGE,
    PARITY_REPORT,
    PARITY_TABLE,
    PROOF_PAGE,
)
from pipeline.core.run_record import RunRecord
from pipeline.registry.model_registry import find_experiment
from pipeline.registry.page_links import link_run
from pipeline.registry.run_content import describe_settings
from pipeline.registry.run_lifecycle import (
    GATE_TAG,
    LONGEST_TAG,
    ORIGIN_TAG,
    STAGE_TAG,
    Ending,
    create_run,
    end_run,
    find_open_run,
    find_training,
)
from pipeline.registry.run_note import name_run
from pipeline.settings.params import Params

if TYPE_CHECKING:
    from mlflow import MlflowClient

# Stages that work on the weights at hand; the others end no run of these.
ON_WEIGHTS = ("export", "simplify", "validate", "package", "verify", "publish")
# What a stage that fails writes all the same.
SHOWN = (PARITY_REPORT, METRICS_REPORT, PARITY_PAGE, PARITY_TABLE, DOTNET_REPORT, PROOF_PAGE)


class Failure(NamedTuple):
    """What happened in which stage, which began at `since_ns` (nanoseconds since 1970)."""

    stage: str
    ending: Ending
    sentence: str
    since_ns: int


def list_evidence(since_ns: int) -> list[Path]:
    """Reports, and the folder of a departure, that were written since then: others are of an earlier run."""
    files: Iterable[Path] = [*SHOWN, *sorted(DEPARTURE.rglob("*"))]
    return [path for path in files if path.is_file() and path.stat().st_mtime_ns >= since_ns]


def write_failure_note(failure: Failure, record: RunRecord, evidence: list[Path]) -> str:
    """The run's note: what happened, and where to look."""
    quoted = "\n".join(f"> {line}" for line in failure.sentence.splitlines())
    shown = "".join(f"\n- {_show(path.as_posix(), record)}" for path in evidence)
    return f"**{failure.ending} in `{failure.stage}`**\n\n{quoted}\n" + (
        f"\nArtifacts of this failure:{shown}\n" if shown else ""
    )


def _show(path: str, record: RunRecord) -> str:
    """A page as a link to it among the run's artifacts, another file by its name."""
    return (
        f"[{path}]({link_run('', record.experiment_id, record.run_id, path)})"
        if path.endswith(".html")
        else f"`{path}`"
    )


def find_weights(stage: str) -> str | None:
    """The SHA-256 of the weights that `stage` worked on; None of a stage that takes none, or where there are none."""
    if stage not in ON_WEIGHTS:
        return None
    try:
        return recorded_sha256(CHECKPOINT, "train")
    except PipelineError:
        return None


def record_failure(client: "MlflowClient", params: Params, record: RunRecord | None, failure: Failure) -> str | None:
    """End `record`, else the open run of these weights, else (unless it was only interrupted) a run made for it.

    Returns:
        The run's id; None where there was nothing to end.
    """
    from mlflow.entities import Param

    weights = find_weights(failure.stage)
    if record is None and (waiting := find_open_run(client)) and weights == waiting.weights_sha256:
        record = waiting
    if record is None:
        if failure.ending == "KILLED":
            return None
        experiment = find_experiment(client, params.publish.experiment, client.tracking_uri)
        record = create_run(client, experiment, name_run(params, None), failure.stage)
        if origin := find_training(client, weights) if weights else None:
            client.set_tag(record.run_id, ORIGIN_TAG, origin)
    known = client.get_run(record.run_id).data.params
    missing = [Param(key, value) for key, value in describe_settings(params).items() if key not in known]
    for start in range(0, len(missing), 100):
        client.log_batch(record.run_id, params=missing[start : start + 100])
    evidence = list_evidence(failure.since_ns)
    client.set_tag(record.run_id, "mlflow.note.content", write_failure_note(failure, record, evidence)[:LONGEST_TAG])
    for path in evidence:
        client.log_artifact(record.run_id, str(path), artifact_path=path.parent.as_posix())
    tags = {STAGE_TAG: failure.stage, GATE_TAG: failure.sentence}
    end_run(client, record.model_copy(update={"stage": failure.stage}), failure.ending, tags)
    return record.run_id
